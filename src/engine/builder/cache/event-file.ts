import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { isErrno } from '#lib/files/file-error.ts';
import type { BuildEvent } from '../progress/events.ts';
import type { RecordedEvent } from './build-record.ts';

/** What a build told, as lines of JSON. */
export interface EventWriter {
  write(event: RecordedEvent): void;
  /** Settles when all is written. */
  close(): Promise<void>;
}

/** Beyond this, output of processes is left out. */
const LOG_LIMIT_BYTES = 2 * 1024 * 1024;
/** Beyond this, all but what began and ended is. */
const FILE_LIMIT_BYTES = 4 * 1024 * 1024;
const NEEDED_LIMIT_BYTES = 8 * 1024 * 1024;
const BUFFER_BYTES = 64 * 1024;

/** Writes a moment later than it is told, so that nobody waits for the disk; a file that cannot be written ends short. */
export function openEventWriter(path: string): EventWriter {
  let buffer = '';
  let [written, logged] = [0, 0];
  let file: Promise<FileHandle> | undefined;
  let pending: Promise<unknown> = Promise.resolve();
  const flush = (): void => {
    if (buffer === '') return;
    const text = buffer;
    buffer = '';
    file ??= open(path, 'w', 0o600);
    const target = file;
    pending = pending.then(async () => (await target).appendFile(text));
    pending.catch(() => {}); // told by close
  };
  return {
    write(recorded) {
      const { event } = recorded;
      if (event.kind === 'log') {
        const isCut = logged < LOG_LIMIT_BYTES && logged + event.bytes.byteLength >= LOG_LIMIT_BYTES;
        logged += event.bytes.byteLength;
        if (isCut) buffer += `${JSON.stringify({ time: recorded.time, event: cutNote(event) })}\n`;
        if (logged >= LOG_LIMIT_BYTES) return;
      }
      const line = `${JSON.stringify({ ...recorded, event: withText(event) })}\n`;
      if (written + line.length > (isNeeded(event) ? NEEDED_LIMIT_BYTES : FILE_LIMIT_BYTES)) return;
      written += line.length;
      buffer += line;
      if (buffer.length >= BUFFER_BYTES) flush();
    },
    async close() {
      flush();
      try {
        await pending;
      } finally {
        await (await file)?.close();
      }
    },
  };
}

/** Without it, a reader would take a vertex for one that never ended. */
export function isNeeded({ kind }: BuildEvent): boolean {
  return kind === 'plan' || kind === 'started' || kind === 'completed' || kind === 'step' || kind === 'finding';
}

function cutNote({ vertex }: Extract<BuildEvent, { kind: 'log' }>): BuildEvent {
  return { kind: 'note', vertex, text: `[output beyond ${LOG_LIMIT_BYTES / 1024 / 1024} MiB is not kept]` };
}

function withText(event: BuildEvent): object {
  return event.kind === 'log' ? { ...event, bytes: Buffer.from(event.bytes).toString('base64') } : event;
}

/** Reads the file back; nothing if it is not there. */
export async function* readEvents(path: string): AsyncGenerator<RecordedEvent> {
  const input = createReadStream(path);
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      const recorded = parseLine(line);
      if (recorded !== undefined) yield recorded;
    }
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  } finally {
    input.destroy();
  }
}

/** The last line of a file that could not be written to its end is no whole one. */
function parseLine(line: string): RecordedEvent | undefined {
  try {
    const { time, event } = JSON.parse(line) as { time: number; event: BuildEvent & { bytes?: unknown } };
    if (event.kind === 'log') return { time, event: { ...event, bytes: Buffer.from(String(event.bytes), 'base64') } };
    return { time, event };
  } catch {
    return undefined;
  }
}
