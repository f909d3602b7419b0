import { writeSync } from 'node:fs';
import { isErrno } from '#lib/files/file-error.ts';

/** What every disk and file system is content with as place, length and address of a direct write. */
const ALIGNMENT = 4096;
/** Less is not worth it: each write waits for the disk. */
const LEAST_BYTES = 256 * 1024;
/** The disk is judged after so much. */
const TRIAL_BYTES = 128 * 1024 * 1024;
/** Where no piece went faster the page cache takes bytes so much sooner that it has the better of it. By the fastest, because others use disk and processors too. */
const LEAST_BYTES_PER_MS = 250_000;

/**
 * Writes large pieces past the page cache: a copy of gigabytes into it costs more than all else that is done to a layer, and containers read layers by
 * direct I/O anyway. Stops doing so where the disk is slow.
 * @returns whether the piece was written; if not it is to be written as usual
 */
export function createDirectWriter(fd: number): (piece: Buffer, at: number) => boolean {
  let isUsable = true;
  let bytes = 0;
  let fastest = 0;
  return (piece, at) => {
    const isFit = piece.length >= LEAST_BYTES && piece.length % ALIGNMENT === 0 && at % ALIGNMENT === 0;
    if (!isUsable || !isFit) return false;
    const start = performance.now();
    try {
      // One that is cut short is written again by the usual way.
      if (writeSync(fd, piece, 0, piece.length, at) < piece.length) return false;
    } catch (error) {
      if (!isErrno(error, 'EINVAL')) throw error;
      isUsable = false;
      return false;
    }
    fastest = Math.max(fastest, piece.length / (performance.now() - start));
    bytes += piece.length;
    if (bytes >= TRIAL_BYTES) isUsable = fastest >= LEAST_BYTES_PER_MS;
    return true;
  };
}
