import { once } from 'node:events';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorOf } from '#api/status.ts';
import { apiVersionNumber, MAX_API_VERSION } from '#api/versions.ts';
import { InvalidArgumentError, UnavailableError } from '#lib/errors.ts';
import type { EngineAddress } from './address.ts';
import { connectError } from './connect-error.ts';

// An import of this module would look at all its exports and load a WebSocket client, which takes longer than the rest of a short command.
const { Agent, request: httpRequest } = process.getBuiltinModule('node:http');

/** Certificates for an engine behind TLS, PEM. */
export interface TlsMaterial {
  authority?: Buffer;
  certificate?: Buffer;
  key?: Buffer;
}

/** One request. */
export interface Exchange {
  query?: Query | undefined;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  stream?: AsyncIterable<Uint8Array> | undefined;
  /** Type of `stream`; a tar archive otherwise. */
  contentType?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** Parameters of the query; undefined, false and empty ones are left out, lists repeat. */
export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** An answer with a status below 400. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Readable;
}

/** A connection that carries raw bytes both ways. */
export interface Hijacked {
  socket: Duplex;
  contentType: string;
}

/** A Docker-compatible engine, over whichever transport. */
export interface Client {
  readonly address: EngineAddress;
  /** API version both sides speak, as text; asks the engine the first time. */
  version(): Promise<string>;
  /** @throws {BerthError} of the kind that the status stands for */
  send(method: Method, path: string, exchange?: Exchange): Promise<Answer>;
  /** Asks for an upgrade of the connection (attach, exec). @throws like `send` */
  hijack(path: string, exchange?: Exchange): Promise<Hijacked>;
  close(): void;
}

/** What of Node's options is used. */
type Dial = Omit<RequestOptions, 'headers'> & { headers: Record<string, string> };

const ERROR_LIMIT_BYTES = 1024 * 1024;
/** Spoken by an engine that does not say. */
const OLDEST_VERSION = '1.24';

/** A client of the engine at `address`; nothing is sent before the first request. */
export function openClient(address: EngineAddress, { tls }: { tls?: TlsMaterial | undefined } = {}): Client {
  let negotiated: Promise<string> | undefined;
  const agent = new Agent({ keepAlive: true });
  const dial = (options: Dial): ClientRequest => {
    const target = {
      ...(address.kind === 'unix' ? { socketPath: address.path } : { host: address.host, port: address.port }),
      ...options,
      headers: { Host: 'berth', 'User-Agent': 'berth', ...options.headers },
    };
    if (tls === undefined) return httpRequest({ agent, ...target });
    const { request } = process.getBuiltinModule('node:https');
    return request({ ...target, agent: false, ca: tls.authority, cert: tls.certificate, key: tls.key });
  };
  const exchange = async (method: Method, path: string, what: Exchange): Promise<Answer> => {
    const request = dial({ method, path, headers: headersOf(what), signal: what.signal });
    const response = await roundTrip(address, request, what);
    if ((response.statusCode ?? 0) >= 400) throw await answeredError(response);
    return { status: response.statusCode ?? 0, headers: response.headers, body: response };
  };
  const version = (): Promise<string> => (negotiated ??= negotiate(exchange));
  const full = async (path: string, query: Query | undefined): Promise<string> =>
    `/v${await version()}${path}${formatQuery(query)}`;
  return {
    address,
    version,
    send: async (method, path, what = {}) => exchange(method, await full(path, what.query), what),
    async hijack(path, what = {}) {
      const headers = { ...headersOf(what), Connection: 'Upgrade', Upgrade: 'tcp' };
      const target = await full(path, what.query);
      return upgrade(address, dial({ method: 'POST', path: target, headers, agent: false }), what);
    },
    close: () => agent.destroy(),
  };
}

async function negotiate(exchange: (method: Method, path: string, what: Exchange) => Promise<Answer>): Promise<string> {
  const answer = await exchange('HEAD', '/_ping', {}).catch(async (error: unknown) => {
    if (error instanceof UnavailableError) throw error;
    return exchange('GET', '/_ping', {});
  });
  answer.body.resume();
  const theirs = String(answer.headers['api-version'] ?? OLDEST_VERSION);
  const number = apiVersionNumber(theirs);
  if (number === undefined)
    throw new InvalidArgumentError(`the engine names no API version: ${JSON.stringify(theirs)}`);
  return number < (apiVersionNumber(MAX_API_VERSION) ?? 0) ? theirs : MAX_API_VERSION;
}

async function roundTrip(address: EngineAddress, request: ClientRequest, what: Exchange): Promise<IncomingMessage> {
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  const failed = answered.catch((error: unknown) => {
    throw what.signal?.aborted === true ? new Error('cancelled', { cause: error }) : error;
  });
  sendBody(request, what);
  try {
    const [response] = await failed;
    return response;
  } catch (error) {
    throw connectError(address, what.signal?.aborted === true ? { name: 'AbortError' } : error);
  }
}

/** An engine may answer, with an error, before it read everything: that is no failure of the sending side. */
function sendBody(request: ClientRequest, { json, stream }: Exchange): void {
  if (stream !== undefined) pipeline(stream, request).catch((error: unknown) => request.destroy(error as Error));
  else if (json !== undefined) request.end(JSON.stringify(json));
  else request.end();
}

async function upgrade(address: EngineAddress, request: ClientRequest, what: Exchange): Promise<Hijacked> {
  const { promise, resolve, reject } = Promise.withResolvers<Hijacked>();
  request.on('upgrade', (response: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (head.length > 0) socket.unshift(head);
    resolve({ socket, contentType: response.headers['content-type'] ?? '' });
  });
  request.on('response', (response: IncomingMessage) => {
    if ((response.statusCode ?? 0) >= 400) answeredError(response).then(reject, reject);
    else reject(new UnavailableError('the engine did not take the connection over'));
  });
  request.on('error', (error) => reject(connectError(address, error)));
  sendBody(request, what);
  return promise;
}

function headersOf({ json, stream, contentType, headers }: Exchange): Record<string, string> {
  if (stream !== undefined) return { 'Content-Type': contentType ?? 'application/x-tar', ...headers };
  if (json === undefined) return { ...headers };
  const length = Buffer.byteLength(JSON.stringify(json));
  return { 'Content-Type': 'application/json', 'Content-Length': String(length), ...headers };
}

/** The query of a path, with its question mark; empty without parameters. */
export function formatQuery(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === false || value === '') continue;
    if (typeof value === 'object') for (const item of value) parameters.append(name, item);
    else parameters.append(name, value === true ? '1' : String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

async function answeredError(response: IncomingMessage): Promise<Error> {
  const text = await readText(response, ERROR_LIMIT_BYTES);
  const status = response.statusCode ?? 500;
  try {
    const body = JSON.parse(text) as { message?: unknown; why?: unknown; hint?: unknown };
    const { message, why, hint } = body;
    return errorOf(status, typeof message === 'string' ? message : text.trim(), {
      ...(typeof why === 'string' && { why }),
      ...(typeof hint === 'string' && { hint }),
    });
  } catch {
    return errorOf(status, text.trim() || `the engine answered ${status}`);
  }
}

/** Collects a body as text. @throws {InvalidArgumentError} beyond the limit */
export async function readText(body: AsyncIterable<Uint8Array>, limitBytes = 256 * 1024 * 1024): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) throw new InvalidArgumentError('the answer of the engine is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
