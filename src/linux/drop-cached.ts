import { closeSync, openSync } from 'node:fs';
import { fileError } from '#lib/files/file-error.ts';
import { c } from './ffi.ts';

const POSIX_FADV_DONTNEED = 4;

/**
 * Lets the kernel forget what it keeps of a file in memory, so that the next read sees what the disk has. What is not written back yet stays.
 * @throws {NotFoundError}
 */
export function dropCached(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw fileError(error, path);
  }
  try {
    c.posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); // only advice: a kernel that does not take it reads from memory
  } finally {
    closeSync(fd);
  }
}
