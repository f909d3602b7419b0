import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const LIMIT_BYTES = 10 * 1024 * 1024;

/** A log on disk that never takes more than about twice its limit: a full file becomes `PATH.1`. */
export interface LogFile {
  write(line: string): void;
  close(): void;
}

/**
 * Opens a log for appending. Lines go to the kernel at once, so that the last ones before a crash are there; a disk that takes no
 * more loses lines, not the engine.
 */
export function openLogFile(path: string, limitBytes = LIMIT_BYTES): LogFile {
  let fd = openSync(path, 'a', 0o600);
  let bytes = fstatSync(fd).size;
  const rotate = (): void => {
    renameSync(path, `${path}.1`);
    closeSync(fd);
    fd = openSync(path, 'a', 0o600);
    bytes = 0;
  };
  return {
    write(line) {
      try {
        if (bytes > limitBytes) rotate();
        bytes += writeSync(fd, line);
      } catch {
        // There is no better place to tell it.
      }
    },
    close: () => closeSync(fd),
  };
}
