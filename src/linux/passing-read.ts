import { fstatSync } from 'node:fs';
import type { FileRange } from './file-ranges.ts';
import { c } from './ffi.ts';
import { numbers } from './numbers.ts';

const POSIX_FADV_SEQUENTIAL = 2;
const POSIX_FADV_DONTNEED = 4;
const PAGE_BYTES = 4096;

/** Reads a large file once, from front to back, and leaves the page cache as it was. */
export interface PassingRead {
  /** To be told of each part that was read: its pages can be used for the next ones. Faster than filling memory with a file that nobody reads again. */
  done(range: Omit<FileRange, 'fd'>): void;
}

/** What was in memory before stays there: where more than half of the file is, nothing of it is dropped. */
export function startPassingRead(fd: number): PassingRead {
  c.posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  if (isMostlyCached(fd)) return { done: () => {} };
  return {
    done: ({ offset, length }) => void c.posix_fadvise(fd, offset, length, POSIX_FADV_DONTNEED),
  };
}

/** Also true where the kernel cannot tell (before 6.5). */
function isMostlyCached(fd: number): boolean {
  const range = Buffer.alloc(16); // struct cachestat_range; a length of 0 means up to the end
  const found = Buffer.alloc(40); // struct cachestat; the first number is that of cached pages
  // eslint-disable-next-line max-params -- the kernel's own
  const code = c.syscall(
    numbers().syscalls.cachestat,
    'uint',
    fd,
    'void *',
    range,
    'void *',
    found,
    'uint',
    0,
  ) as number;
  if (code < 0) return true;
  return Number(found.readBigUInt64LE(0)) * PAGE_BYTES * 2 > fstatSync(fd).size;
}
