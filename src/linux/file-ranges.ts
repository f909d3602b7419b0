import { c, checked, checkedLater, lastErrno } from './ffi.ts';

/** A part of an open file, bytes. */
export interface FileRange {
  fd: number;
  offset: number;
  length: number;
}

const SYNC_FILE_RANGE_WAIT_BEFORE = 1;
const SYNC_FILE_RANGE_WRITE = 2;
const SYNC_FILE_RANGE_WAIT_AFTER = 4;
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

/**
 * Starts to write a part of a file back to the disk, and waits for it if `wait`. It makes nothing durable: that takes fdatasync, which then has
 * less to do. Runs beside the event loop, because the kernel waits while the disk's queue is full.
 */
export async function startWriteBack({ fd, offset, length }: FileRange, { wait = false } = {}): Promise<void> {
  const all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  const flags = wait ? all : SYNC_FILE_RANGE_WRITE;
  await checkedLater(
    (done) => void c.sync_file_range.async(fd, offset, length, flags, done), // eslint-disable-line max-params -- the kernel's own
    'start to write a file back',
  );
}

/** Gives the space of a part of a file back; it then reads as zeros, and the file keeps its size. @throws {InternalError} EOPNOTSUPP on a file system without holes */
export async function punchHole({ fd, offset, length }: FileRange): Promise<void> {
  const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  await checkedLater((done) => void c.fallocate.async(fd, mode, offset, length, done), 'punch a hole into a file');
}

/**
 * Copies bytes between two files inside the kernel, without sharing where the file system cannot share. All of it, unless the source ends earlier.
 * @returns how many bytes; undefined where the kernel cannot copy between these two: read and write then
 */
export function copyRange(from: FileRange, to: { fd: number; offset: number }): number | undefined {
  const [fromOffset, toOffset] = [[from.offset], [to.offset]];
  let copied = 0;
  while (copied < from.length) {
    const count = c.copy_file_range(from.fd, fromOffset, to.fd, toOffset, from.length - copied, 0);
    if (count === 0) break;
    if (count < 0) {
      const errno = lastErrno();
      if (errno === 'EINTR') continue;
      if (copied === 0 && ['EXDEV', 'EINVAL', 'EOPNOTSUPP', 'ENOSYS'].includes(errno)) return undefined;
      checked(count, 'copy a part of a file');
    }
    copied += Number(count);
  }
  return copied;
}
