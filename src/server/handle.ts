import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorMessage } from '#api/progress.ts';
import { statusOf } from '#api/status.ts';
import { apiVersionNumber, MAX_API_VERSION, MIN_API_VERSION } from '#api/versions.ts';
import { InternalError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { Log } from '#lib/log.ts';
import { VERSION } from '#lib/version.ts';
import { fullDisk } from '#lib/full-disk.ts';
import { sendError, sendJson } from './answer.ts';
import { drainBody } from './drain.ts';
import { hijackConnection } from './hijack.ts';
import { readJsonBody, readOwnJsonBody } from './json-body.ts';
import { type JsonLines, openJsonLines } from './json-lines.ts';
import type { Call, Route } from './route.ts';
import { createRouter, type Match, type Router, splitVersion } from './router.ts';
import { readBody } from './read-body.ts';
import { refuseForeignPages } from './same-origin.ts';

export interface HandlerDeps {
  routes: readonly Route[];
  log: Log;
}

export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  options: { overTls: boolean },
) => Promise<void>;

/** What became of the answer, for whoever has to end it when the handler fails. */
interface Answer {
  lines?: JsonLines;
  hijacked: boolean;
}

/** Makes the function that answers one request: origin, version, route, error. It never throws. */
export function createRequestHandler({ routes, log }: HandlerDeps): RequestHandler {
  const router = createRouter(routes);
  return async (request, response, options) => {
    const answer: Answer = { hijacked: false };
    const controller = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) controller.abort();
    });
    try {
      refuseForeignPages(request, options);
      const { match, call } = route(router, { request, response, answer, controller });
      await match.handler(call);
      if (!answer.hijacked && !response.headersSent && !response.destroyed)
        throw new InternalError(`${request.method} ${request.url}: no answer`);
    } catch (thrown) {
      const error = fullDisk(thrown) ?? thrown;
      if (!controller.signal.aborted) logFailure(log, request, error);
      if (!answer.hijacked && !response.headersSent && hasBody(request)) await drainBody(request);
      endFailed(request, response, { answer, error });
    }
  };
}

interface Subject {
  request: IncomingMessage;
  response: ServerResponse;
  answer: Answer;
  controller: AbortController;
}

function route(router: Router, { request, response, answer, controller }: Subject): { match: Match; call: Call } {
  const url = request.url ?? '/';
  const question = url.indexOf('?');
  const { version, path } = splitVersion(question < 0 ? url : url.slice(0, question));
  const match = router.match(request.method ?? 'GET', path);
  const number = version === undefined ? apiVersionNumber(MAX_API_VERSION) : apiVersionNumber(version);
  if (match === undefined || number === undefined) throw new NotFoundError('page not found');
  response.setHeader('Api-Version', MAX_API_VERSION);
  response.setHeader('Docker-Experimental', 'false');
  response.setHeader('Ostype', 'linux');
  response.setHeader('Server', `Berth/${VERSION} (linux)`);
  if (version !== undefined) checkVersion(version, number);
  const call: Call = {
    request,
    response,
    params: match.params,
    query: new URLSearchParams(question < 0 ? '' : url.slice(question + 1)),
    version: number,
    signal: controller.signal,
    body: () => readBody(request),
    upload: () => readBody(request, { frees: true }),
    json: () => readJsonBody(request),
    ownJson: () => readOwnJsonBody(request),
    send: (status, body) => sendJson(response, status, body),
    jsonLines: () => (answer.lines = openJsonLines(response)),
    hijack(contentType) {
      answer.hijacked = true;
      const socket = hijackConnection(request, response, { contentType });
      socket.once('close', () => controller.abort());
      return socket;
    },
  };
  return { match, call };
}

function checkVersion(text: string, number: number): void {
  if (number > (apiVersionNumber(MAX_API_VERSION) ?? 0))
    throw new InvalidArgumentError(
      `client version ${text} is too new. Maximum supported API version is ${MAX_API_VERSION}`,
    );
  if (number < (apiVersionNumber(MIN_API_VERSION) ?? 0))
    throw new InvalidArgumentError(
      `client version ${text} is too old. Minimum supported API version is ${MIN_API_VERSION}, please upgrade your client to a newer version`,
    );
}

function endFailed(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, error }: { answer: Answer; error: unknown },
): void {
  if (answer.hijacked) {
    request.socket.end();
  } else if (answer.lines !== undefined) {
    // The status was sent long ago; the stream's last line tells what happened.
    const { lines } = answer;
    void lines.write(errorMessage(error)).then(() => lines.end());
  } else if (response.headersSent) {
    response.destroy();
  } else {
    // What is left of a body would be read as the next request.
    if (hasBody(request) && !request.complete) response.setHeader('Connection', 'close');
    sendError(response, error);
  }
}

function logFailure(log: Log, request: IncomingMessage, error: unknown): void {
  const status = statusOf(error);
  const path = (request.url ?? '').split('?')[0];
  const fields = {
    method: request.method,
    path,
    status,
    error: error instanceof Error ? error.message : String(error),
  };
  if (status < 500 || status === 501 || status === 503) log.debug('request refused', fields);
  else log.error('request failed', { ...fields, stack: error instanceof Error ? error.stack : undefined });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
