import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs';

const LIMIT_BYTES = 10 * 1024 * 1024;

/** A log on disk that never takes more than twice its limit: a full file becomes `PATH.1`. */
export interface LogFile {
  write(line: string): void;
  close(): Promise<void>;
}

/** Opens a log for appending; a disk that takes no more loses lines, not the engine. */
export function openLogFile(path: string, limitBytes = LIMIT_BYTES): LogFile {
  let bytes = sizeOf(path);
  let stream = openStream(path);
  return {
    write(line) {
      if (bytes > limitBytes) {
        stream.end();
        renameSync(path, `${path}.1`);
        stream = openStream(path);
        bytes = 0;
      }
      bytes += Buffer.byteLength(line);
      stream.write(line);
    },
    close: async () => new Promise((resolve) => stream.end(resolve)),
  };
}

function openStream(path: string): WriteStream {
  return createWriteStream(path, { flags: 'a', mode: 0o600 }).on('error', () => {});
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
