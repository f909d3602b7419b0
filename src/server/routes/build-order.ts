import type { ServerResponse } from 'node:http';
import { BUILD_ORDER_HEADER, type BuildLine, readBuildOrder } from '#api/build-order.ts';
import { errorMessage } from '#api/progress.ts';
import type { Builder } from '#engine/builder/builder.ts';
import { StepFailure } from '#engine/builder/steps/step-failure.ts';
import { CancelledError } from '#lib/errors.ts';
import { drained } from '../drained.ts';
import { isRemote } from '../is-remote.ts';
import type { Call, Route } from '../route.ts';
import { buildLine } from './build-lines.ts';
import { createHandoffs, type Handoffs } from './handoffs.ts';
import { orderedRequest } from './ordered-request.ts';

/** What these routes need of the engine. */
export interface BuildOrderBackend {
  builder: Builder;
}

/** `POST /berth/build`: a build with all that ours offers, told as JSON lines of `api/build-order.ts`; outputs are fetched beside it. */
export function buildOrderRoutes(engine: BuildOrderBackend): readonly Route[] {
  const handoffs = createHandoffs();
  return [
    ['POST', '/berth/build', async (call) => build(engine, call, handoffs)],
    ['GET', '/berth/build/:ref/outputs/:number', async (call) => sendOutput(call, handoffs)],
  ];
}

async function build({ builder }: BuildOrderBackend, call: Call, handoffs: Handoffs): Promise<void> {
  const order = readBuildOrder(call.request.headers[BUILD_ORDER_HEADER]);
  const lines = openLines(call);
  const request = await orderedRequest(order, {
    body: () => call.body(),
    signal: call.signal,
    isRemote: isRemote(call.request),
    async offer(number, { bytes, form, keep }) {
      const offered = handoffs.offer(`${order.ref}/${number}`, bytes, call.signal);
      lines.send({ kind: 'output', number, form, keep });
      await offered;
    },
  });
  await using prepared = await builder.prepare(request, (event) => {
    const line = buildLine(event);
    if (line !== undefined) lines.send(line);
  });
  // What is wrong with the order or the Dockerfile was an answer with a status; from here on errors are lines.
  lines.begin();
  try {
    const { image, response, lock } = await prepared.run();
    lines.send({
      kind: 'done',
      ...(image !== undefined && { image: image.id }),
      response: Object.fromEntries(response),
      ...(lock !== undefined && { lock }),
    });
  } catch (error) {
    lines.send(failedLine(error));
  }
  await lines.end();
}

function failedLine(error: unknown): BuildLine {
  const isCancelled = error instanceof CancelledError || (error as Error).name === 'AbortError';
  const { errorDetail } = errorMessage(isCancelled ? new CancelledError('build cancelled') : error);
  const { message = 'the build failed', why, hint } = errorDetail ?? {};
  return {
    kind: 'failed',
    message,
    ...(why !== undefined && { why }),
    ...(hint !== undefined && { hint }),
    ...(error instanceof StepFailure && { exitCode: error.exitCode }),
  };
}

/** Lines wait until the status may be sent. */
function openLines(call: Call): { send(line: BuildLine): void; begin(): void; end(): Promise<void> } {
  const early: BuildLine[] = [];
  let stream: ReturnType<Call['jsonLines']> | undefined;
  let sent: Promise<void> = Promise.resolve();
  const send = (line: BuildLine): void => {
    if (stream === undefined) early.push(line);
    // A client that is gone ends the build through its signal, not through a line that cannot be written.
    else sent = sent.then(() => stream?.write(line)).catch(() => {});
  };
  return {
    send,
    begin() {
      stream = call.jsonLines();
      for (const line of early.splice(0)) send(line);
    },
    async end() {
      await sent;
      stream?.end();
    },
  };
}

async function sendOutput({ response, params }: Call, handoffs: Handoffs): Promise<void> {
  const handoff = handoffs.take(`${params['ref']}/${params['number']}`);
  try {
    response.setHeader('Content-Type', 'application/x-tar');
    for await (const piece of handoff.bytes) await writePiece(response, piece);
    response.end();
    handoff.done();
  } catch (error) {
    handoff.failed(error);
    throw error;
  }
}

async function writePiece(response: ServerResponse, piece: Uint8Array): Promise<void> {
  if (!response.write(piece) && !response.destroyed) await drained(response);
  if (response.destroyed) throw new CancelledError('the client went away before it had all');
}
