import { once } from 'node:events';
import { InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import { stdcopyFrame } from '#api/stdcopy.ts';
import { type LogEntry, toUtc } from '#engine/logs/entry.ts';
import { readLog } from '#engine/logs/read.ts';
import type { Context } from './context.ts';
import { logPathOf } from './log-path.ts';
import { isRunning } from './record.ts';

export interface LogsRequest {
  stdout: boolean;
  stderr: boolean;
  follow: boolean;
  timestamps: boolean;
  details: boolean;
  sinceNano?: bigint | undefined;
  untilNano?: bigint | undefined;
  tail?: number | undefined;
  signal?: AbortSignal;
}

/**
 * A container's log in the Engine API's form: in frames, or bare for a terminal.
 * @throws {NotFoundError}; {InvalidArgumentError} without a stream; {NotImplementedError} if the container keeps no log
 */
export function containerLogs(
  context: Context,
  name: string,
  request: LogsRequest,
): { framed: boolean; chunks: AsyncIterable<Uint8Array> } {
  if (!request.stdout && !request.stderr)
    throw new InvalidArgumentError('Bad parameters: you must choose at least one stream');
  const record = context.records.find(name);
  const path = logPathOf(context, record);
  if (path === undefined)
    throw new NotImplementedError('configured logging driver does not support reading', {
      why: 'the container was made with --log-driver none',
    });
  const framed = !record.config.tty;
  return {
    framed,
    chunks: chunksOf(path, { request, framed, ended: endOf(context, record.id), labels: record.config.labels }),
  };
}

/** Resolves when the container has no process and nothing more will be written. */
async function endOf(context: Context, id: string): Promise<void> {
  const record = context.records.list().find((candidate) => candidate.id === id);
  if (record === undefined) return;
  const { status } = record.state;
  if (!isRunning(record) && status !== 'restarting' && status !== 'created') return;
  await Promise.race([once(context.signals, `stopped:${id}`), once(context.signals, `removed:${id}`)]);
}

async function* chunksOf(
  path: string,
  {
    request,
    framed,
    ended,
    labels,
  }: { request: LogsRequest; framed: boolean; ended: Promise<void>; labels: Readonly<Record<string, string>> },
): AsyncGenerator<Uint8Array> {
  const { sinceNano, untilNano, tail, follow, signal } = request;
  const format = logFormat(request, { framed, details: request.details ? detailsOf(labels) : '' });
  for await (const entries of readLog(path, {
    sinceNano,
    untilNano,
    tail,
    signal,
    follow: follow ? { ended } : undefined,
  })) {
    const pieces = entries.flatMap(format);
    if (pieces.length > 0) yield Buffer.concat(pieces);
  }
}

const NEWLINE = Buffer.from('\n');

/** A line that was stored in pieces comes out joined, with the time of its first piece. */
export function logFormat(
  request: Pick<LogsRequest, 'stdout' | 'stderr' | 'timestamps'>,
  { framed, details }: { framed: boolean; details: string },
): (entry: LogEntry) => Uint8Array[] {
  const inLine = { stdout: false, stderr: false };
  return ({ stream, text, partial, time }) => {
    if (!request[stream]) return [];
    const isFirst = !inLine[stream];
    inLine[stream] = partial;
    const prefix = isFirst ? `${request.timestamps ? `${toUtc(time)} ` : ''}${details}` : '';
    const bytes =
      partial && prefix === '' ? text : Buffer.concat([Buffer.from(prefix), text, ...(partial ? [] : [NEWLINE])]);
    return [framed ? stdcopyFrame(stream, bytes) : bytes];
  };
}

/** Labels, sorted and escaped, with a space behind. */
function detailsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  return `${pairs.toSorted().join(',')} `;
}
