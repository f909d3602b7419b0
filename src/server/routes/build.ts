import { queryFlag } from '#api/query.ts';
import type { Builder } from '#engine/builder/builder.ts';
import type { PreparedBuild } from '#engine/builder/prepare-build.ts';
import type { BuildEvent } from '#engine/builder/progress/events.ts';
import { createClassicOutput } from '#engine/builder/progress/classic-output.ts';
import { CancelledError, InvalidArgumentError } from '#lib/errors.ts';
import type { Digest } from '#oci/digest.ts';
import type { Buildkit } from '../buildkit/open-buildkit.ts';
import type { Call, Route } from '../route.ts';
import { buildFailure, watchFailure } from './build-failure.ts';
import { parseBuildRequest } from './build-request.ts';
import { createTraceOutput } from './trace-output.ts';

/** What these routes need of the engine. */
export interface BuildBackend {
  builder: Builder;
  buildkit: Pick<Buildkit, 'session'>;
}

/** Engine API: building with the classic protocol. */
export function buildRoutes(engine: BuildBackend): readonly Route[] {
  const running = new Map<string, AbortController>();
  return [
    ['POST', '/build', async (call) => build(engine, call, running)],
    ['POST', '/build/cancel', async (call) => cancel(call, running)],
  ];
}

async function build(
  { builder, buildkit }: BuildBackend,
  call: Call,
  running: Map<string, AbortController>,
): Promise<void> {
  const cancelled = new AbortController();
  const id = call.query.get('buildid') ?? '';
  if (id !== '') running.set(id, cancelled);
  try {
    const sessionId = call.query.get('version') === '2' ? (call.query.get('session') ?? '') : '';
    const session = sessionId === '' ? undefined : await buildkit.session(sessionId);
    const signal = AbortSignal.any([call.signal, cancelled.signal]);
    const request = parseBuildRequest(call, { signal, session });
    // What happens before the status is sent waits until then.
    const early: BuildEvent[] = [];
    let tell = (event: BuildEvent): void => void early.push(event);
    await using prepared = await builder.prepare(request, (event) => tell(event));
    await runBuild(prepared, call, (listener) => {
      tell = listener;
      for (const event of early) listener(event);
    });
  } finally {
    if (running.get(id) === cancelled) running.delete(id);
  }
}

/** From here on the status is sent, and errors are lines. */
async function runBuild(
  prepared: PreparedBuild,
  call: Call,
  listen: (listener: (event: BuildEvent) => void) => void,
): Promise<void> {
  const isQuiet = queryFlag(call.query, 'q');
  const lines = call.jsonLines();
  let sent: Promise<void> = Promise.resolve();
  // A client that is gone ends the build through its signal, not through a line that cannot be written.
  const send = (message: object): void => {
    sent = sent.then(() => lines.write(message)).catch(() => {});
  };
  const isTraced = call.query.get('version') === '2';
  const show = (piece: string | object): void => {
    if (!isQuiet) send(typeof piece === 'string' ? { stream: piece } : piece);
  };
  const output = isTraced ? createTraceOutput(show) : createClassicOutput(show);
  const failure = watchFailure();
  listen((event) => {
    failure.hear(event);
    output(event);
  });
  try {
    const { image, response } = await prepared.run();
    const tags = (response.get('image.name') ?? '').split(',').filter((name) => name !== '');
    if (image !== undefined) send({ ...(isTraced && { id: 'moby.image.id' }), aux: { ID: image.id } });
    if (image !== undefined && isQuiet) send({ stream: `${image.id}\n` });
    else if (image !== undefined && !isTraced) tellResult(send, image.id, tags);
  } catch (error) {
    const { name: file, text } = prepared.files.dockerfile;
    send(buildFailure(error, { isTraced, failed: { file, text, lines: failure.lines() } }));
  }
  await sent;
  lines.end();
}

/** Clients find the result in exactly these lines. */
function tellResult(send: (message: object) => void, ...[id, tags]: [id: Digest, tags: readonly string[]]): void {
  send({ stream: `Successfully built ${id.slice('sha256:'.length, 'sha256:'.length + 12)}\n` });
  for (const tag of tags) send({ stream: `Successfully tagged ${tag}\n` });
}

async function cancel(call: Call, running: ReadonlyMap<string, AbortController>): Promise<void> {
  const id = call.query.get('id') ?? '';
  if (id === '') throw new InvalidArgumentError('build ID not provided');
  running.get(id)?.abort(new CancelledError('build cancelled'));
  call.send(204);
}
