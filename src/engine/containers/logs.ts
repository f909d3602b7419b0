import { once } from 'node:events';
import { InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import { STREAMS } from '#api/stdcopy.ts';
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
    const bytes = format(entries);
    if (bytes.length > 0) yield bytes;
  }
}

const NEWLINE = 10;
const FRAME_HEADER_BYTES = 8;

/**
 * Records in the Engine API's form, a frame each. A line that was stored in pieces comes out joined, with the time of its first piece.
 * All go into one buffer: a log has millions of lines.
 */
export function logFormat(
  request: Pick<LogsRequest, 'stdout' | 'stderr' | 'timestamps'>,
  { framed, details }: { framed: boolean; details: string },
): (entries: readonly LogEntry[]) => Buffer {
  const inLine = { stdout: false, stderr: false };
  const prefixOf = ({ stream, time, partial }: LogEntry): string => {
    const isFirst = !inLine[stream];
    inLine[stream] = partial;
    return isFirst ? `${request.timestamps ? `${toUtc(time)} ` : ''}${details}` : '';
  };
  return (entries) => {
    const chosen = entries.filter(({ stream }) => request[stream]);
    const prefixes = chosen.map(prefixOf);
    const header = framed ? FRAME_HEADER_BYTES : 0;
    const sizes = chosen.map(({ text, partial }, index) => Buffer.byteLength(prefixes[index] ?? '') + text.length + (partial ? 0 : 1)); // prettier-ignore
    const all = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + header + size, 0));
    let at = 0;
    for (const [index, { stream, text, partial }] of chosen.entries()) {
      if (framed) {
        all.fill(0, at, at + FRAME_HEADER_BYTES);
        all[at] = STREAMS[stream];
        at = all.writeUInt32BE(sizes[index] ?? 0, at + 4);
      }
      at += all.write(prefixes[index] ?? '', at);
      at += text.copy(all, at);
      if (!partial) all[at++] = NEWLINE;
    }
    return all;
  };
}

/** Labels, sorted and escaped, with a space behind. */
function detailsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  return `${pairs.toSorted().join(',')} `;
}
