import { watch } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createLogParser, type LogEntry, timeNano } from './entry.ts';
import { findTail, type LogFile, logFilesAtOnce, openLogFile } from './files.ts';

/** A byte of a log file, which may be renamed meanwhile. */
export interface LogPlace {
  inode: number;
  offset: number;
}

export interface LogOptions {
  /** Nanoseconds since epoch, both ends included. */
  sinceNano?: bigint | undefined;
  untilNano?: bigint | undefined;
  /** Last lines only; all if absent. */
  tail?: number | undefined;
  /** Begins here instead; nothing is read if the file is gone. */
  from?: LogPlace | undefined;
  /** Ends before here. */
  to?: LogPlace | undefined;
  /** Waits for more until `ended` resolves. */
  follow?: { ended: Promise<unknown> } | undefined;
  signal?: AbortSignal | undefined;
}

const READ_BYTES = 256 * 1024;

/** Records of a container's log, in batches as they are read. Files that are rotated away while they are followed are read to their end. */
export async function* readLog(path: string, options: LogOptions): AsyncGenerator<LogEntry[]> {
  const { sinceNano, untilNano, follow, signal } = options;
  const { files, offset, end } = await choose(path, options);
  const parser = createLogParser();
  const kept = (entries: LogEntry[]): LogEntry[] => {
    if (sinceNano === undefined && untilNano === undefined) return entries;
    return entries.filter(({ time }) => {
      const at = timeNano(time);
      return (sinceNano === undefined || at >= sinceNano) && (untilNano === undefined || at <= untilNano);
    });
  };
  for (const [index, file] of files.entries()) {
    const last = index === files.length - 1;
    const start = index === 0 ? offset : 0;
    const opened = await openLogFile(path, file);
    if (opened === undefined) continue; // the oldest goes when the log is put aside
    const chunks =
      last && follow !== undefined
        ? followFile(path, { file: opened, offset: start }, { ...follow, signal })
        : readFrom(opened, start, last ? end : undefined);
    for await (const chunk of chunks) {
      const entries = parser.push(chunk);
      const batch = kept(entries);
      if (batch.length > 0) yield batch;
      const newest = entries.at(-1);
      if (untilNano !== undefined && newest !== undefined && timeNano(newest.time) > untilNano) return;
    }
    if (signal?.aborted === true) return;
  }
}

/** Files to read, the byte to begin with in the first, and the one to end before in the last. */
async function choose(
  path: string,
  { tail, from, to }: LogOptions,
): Promise<{ files: LogFile[]; offset: number; end?: number }> {
  const files = await logFilesAtOnce(path);
  if (tail !== undefined) {
    const { skip, offset } = await findTail(files.map((file) => file.path), tail); // prettier-ignore
    return { files: files.slice(skip), offset };
  }
  const indexOf = ({ inode }: LogPlace): number => files.findIndex((file) => file.inode === inode);
  if (to !== undefined) return { files: files.slice(0, indexOf(to) + 1), offset: 0, end: to.offset };
  if (from === undefined) return { files, offset: 0 };
  const first = indexOf(from);
  return { files: first < 0 ? [] : files.slice(first), offset: from.offset };
}

async function* readFrom(opened: FileHandle, offset: number, end: number | undefined): AsyncGenerator<Buffer> {
  await using file = opened;
  yield* readOn(file, { offset }, end);
}

/** From `offset` to the present end, or to `end`; moves `offset` on. */
async function* readOn(file: FileHandle, at: { offset: number }, end = Infinity): AsyncGenerator<Buffer> {
  for (;;) {
    const length = Math.min(READ_BYTES, end - at.offset);
    if (length <= 0) return;
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), { length, position: at.offset });
    if (bytesRead === 0) return;
    at.offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function* followFile(
  path: string,
  { file: opened, offset }: { file: FileHandle; offset: number },
  { ended, signal }: { ended: Promise<unknown>; signal: AbortSignal | undefined },
): AsyncGenerator<Buffer> {
  using bell = createBell(path, { ended, signal });
  let file = opened;
  const at = { offset };
  try {
    for (;;) {
      const final = bell.over();
      yield* readOn(file, at);
      const next = await following(file, path);
      if (signal?.aborted === true || (next === undefined && final)) return;
      if (next === undefined) {
        await bell.rung();
        continue;
      }
      yield* readOn(file, at); // written between the read and the rename
      await file.close();
      file = next;
      at.offset = 0;
    }
  } finally {
    await file.close();
  }
}

/** The file that was begun after this one, if this one was put aside; several may have been since. */
async function following(file: FileHandle, path: string): Promise<FileHandle | undefined> {
  const { ino } = await file.stat();
  const files = await logFilesAtOnce(path);
  // Not among them any more: all that are left are newer.
  const next = files[files.findIndex(({ inode }) => inode === ino) + 1];
  return next === undefined ? undefined : openLogFile(path, next);
}

interface Bell extends Disposable {
  /** Resolves at the next change, or at once if there was one. */
  rung(): Promise<void>;
  /** Whether the writer has ended: what is read after this is all there will be. */
  over(): boolean;
}

function createBell(
  path: string,
  { ended, signal }: { ended: Promise<unknown>; signal: AbortSignal | undefined },
): Bell {
  let over = false;
  let pending = true;
  let wake: (() => void) | undefined;
  const ring = (): void => {
    pending = true;
    wake?.();
  };
  // The folder, because the file may be renamed and begun anew.
  const watcher = watch(dirname(path), { persistent: false }, ring);
  signal?.addEventListener('abort', ring, { once: true });
  const finish = async (): Promise<void> => {
    await ended;
    over = true;
    ring();
  };
  void finish();
  return {
    over: () => over,
    async rung() {
      if (!pending) await new Promise<void>((resolve) => (wake = resolve));
      pending = false;
    },
    [Symbol.dispose]: () => watcher.close(),
  };
}
