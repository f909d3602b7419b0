import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { stdcopyFrame } from '#api/stdcopy.ts';
import { ConflictError } from '#lib/errors.ts';
import { type LogPlace, readLog } from '#engine/logs/read.ts';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '#engine/stdio/detach-keys.ts';
import { attachStreams } from './attach.ts';
import { type Context, publish } from './context.ts';
import { findExec, startExec } from './exec.ts';
import { logPathOf } from './log-path.ts';
import { logFormat } from './logs.ts';
import { type ContainerRecord, isRunning } from './record.ts';

export interface AttachRequest {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** What was written so far, first. */
  logs: boolean;
  /** What is written from now on. */
  stream: boolean;
  detachKeys: string;
}

/** An attachment that is allowed, before its connection is taken over. */
export interface Attachment {
  /** Frames tell the streams apart; a terminal has none. */
  framed: boolean;
  /** Carries the streams until the end; then the connection is closed. */
  serve(client: Duplex): Promise<void>;
}

/** Joins a client with a container that runs or is about to. @throws {NotFoundError}; {ConflictError} if it is paused or restarts */
export function attachContainer(context: Context, name: string, request: AttachRequest): Attachment {
  const record = context.records.find(name);
  const { config, state, id } = record;
  if (state.status === 'paused')
    throw new ConflictError(`container ${name} is paused, unpause the container before attach`);
  if (state.status === 'restarting')
    throw new ConflictError(`container ${name} is restarting, wait until the container is running`);
  const keys = request.detachKeys === '' ? DEFAULT_DETACH_KEYS : parseDetachKeys(request.detachKeys);
  const framed = !config.tty;
  return {
    framed,
    async serve(client) {
      publish(context, record, { action: 'attach' });
      const streams = context.streamsOf(id);
      const isWhole = request.stream && streams.progress() !== undefined;
      if (request.logs) await replay(context, record, { request, client, to: isWhole ? streams.progress()?.start : undefined }); // prettier-ignore
      if (!request.stream) {
        client.end();
        return;
      }
      const why = await attachStreams(client, streams, {
        fromStart: request.logs && isWhole,
        stdin: request.stdin && config.openStdin,
        stdout: request.stdout,
        stderr: request.stderr,
        framed,
        detachKeys: config.tty ? keys : undefined,
        keepInput: config.tty || !config.stdinOnce,
        log: logPathOf(context, record),
      });
      if (why !== 'ended' && isRunningNow(context, id)) publish(context, record, { action: 'detach' });
    },
  };
}

/** What the log has, up to where the present run begins. */
async function replay(
  context: Context,
  record: ContainerRecord,
  { request, client, to }: { request: AttachRequest; client: Duplex; to: LogPlace | undefined },
): Promise<void> {
  const log = logPathOf(context, record);
  if (log === undefined) return;
  const format = logFormat({ ...request, timestamps: false }, { framed: !record.config.tty, details: '' });
  for await (const entries of readLog(log, { to }))
    if (!client.write(format(entries))) await Promise.race([once(client, 'drain'), once(client, 'close')]);
}

function isRunningNow({ records }: Context, id: string): boolean {
  const record = records.list().find((candidate) => candidate.id === id);
  return record !== undefined && isRunning(record);
}

/** Runs a prepared exec with a client at its streams. @throws {NotFoundError}; {ConflictError} if it was started, or cannot be */
export function attachExec(context: Context, id: string, { tty }: { tty: boolean }): Attachment {
  const exec = findExec(context, id);
  if (exec.state !== 'created') throw new ConflictError(`Exec command ${id} is already running`);
  const record = context.records.get(exec.containerId);
  if (!isRunning(record)) throw new ConflictError(`container ${record.id} is not running`);
  const keys = exec.detachKeys === '' ? DEFAULT_DETACH_KEYS : parseDetachKeys(exec.detachKeys);
  const framed = !(exec.tty || tty);
  return {
    framed,
    async serve(client) {
      const settled = Promise.withResolvers<void>();
      const attached = attachStreams(client, exec.streams, {
        settled: settled.promise,
        stdin: exec.attachStdin,
        stdout: exec.attachStdout,
        stderr: exec.attachStderr,
        framed,
        detachKeys: exec.tty ? keys : undefined,
        log: undefined,
      });
      try {
        const { exited } = await startExec(context, id);
        void exited.finally(settled.resolve);
      } catch (error) {
        const text = Buffer.from(`${(error as Error).message}\r\n`);
        if (client.writable) client.write(framed ? stdcopyFrame('stdout', text) : text);
        settled.resolve();
      }
      if ((await attached) === 'detached')
        publish(context, record, { action: 'exec_detach', attributes: { execID: exec.id } });
    },
  };
}
