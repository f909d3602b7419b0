import { ftruncateSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { isErrno } from '#lib/files/file-error.ts';

/** Writes large pieces of a new file past the page cache, several at a time. */
export interface DirectWriter {
  /** Begins to write a piece, whose memory must stay until `settle`. @returns false if it is to be written as usual */
  begin(piece: Buffer, at: number): boolean;
  /**
   * To be called once for each chunk that pieces come from, also for one that none came from. Settles when nothing of earlier chunks than the last
   * `left` ones is under way, so that their memory is free. @throws as write(2) does
   */
  settle(left: number): Promise<void>;
}

const writeLater = promisify(write);

/** What every disk and file system is content with as place, length and address of a direct write. */
const ALIGNMENT = 4096;
/** Less is not worth it: each write waits for the disk. */
const LEAST_BYTES = 256 * 1024;
/** The disk is judged after so much. */
const TRIAL_BYTES = 128 * 1024 * 1024;
/** Where no piece went faster the page cache takes bytes so much sooner that it has the better of it. By the fastest, because others use disk and processors too. */
const LEAST_BYTES_PER_MS = 150_000;
/** The file is made longer by so much at a time: writes beyond its end would wait for each other. */
const STEP_BYTES = 64 * 1024 * 1024;

/**
 * A copy of gigabytes into the page cache costs more than all else that is done to a layer, and containers read layers by direct I/O anyway. Stops
 * doing so where the disk is slow. Whoever finishes the file cuts it to its length.
 * @param writeUsual takes what the file system does not want directly
 */
export function createDirectWriter(fd: number, writeUsual: (piece: Buffer, at: number) => void): DirectWriter {
  /** Pieces by the chunk they came from, the last of which is still growing. */
  const underWay: Promise<void>[][] = [[]];
  let isUsable = true;
  let bytes = 0;
  let fastest = 0;
  let end = 0;
  const writePiece = async (piece: Buffer, at: number): Promise<void> => {
    const start = performance.now();
    let done = 0;
    try {
      done = (await writeLater(fd, piece, 0, piece.length, at)).bytesWritten;
    } catch (error) {
      if (!isErrno(error, 'EINVAL')) throw error;
      isUsable = false;
    }
    if (done < piece.length) {
      writeUsual(piece.subarray(done), at + done);
      return;
    }
    fastest = Math.max(fastest, piece.length / (performance.now() - start));
    bytes += piece.length;
    if (bytes >= TRIAL_BYTES && fastest < LEAST_BYTES_PER_MS) isUsable = false;
  };
  return {
    begin(piece, at) {
      const isFit = piece.length >= LEAST_BYTES && piece.length % ALIGNMENT === 0 && at % ALIGNMENT === 0;
      if (!isUsable || !isFit) return false;
      if (at + piece.length > end) lengthen(fd, (end = at + piece.length + STEP_BYTES));
      const written = writePiece(piece, at);
      written.catch(() => {}); // thrown by `settle`
      underWay.at(-1)?.push(written);
      return true;
    },
    async settle(left) {
      const due = underWay.splice(0, Math.max(0, underWay.length - left)).flat();
      underWay.push([]);
      for (const result of await Promise.allSettled(due)) if (result.status === 'rejected') throw result.reason;
    },
  };
}

function lengthen(fd: number, bytes: number): void {
  try {
    ftruncateSync(fd, bytes);
  } catch {
    // The write says what is wrong.
  }
}
