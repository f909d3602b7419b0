import { fstatSync } from 'node:fs';
import { c } from './ffi.ts';
import { numbers } from './numbers.ts';

const POSIX_FADV_SEQUENTIAL = 2;
const POSIX_FADV_DONTNEED = 4;
const PAGE_BYTES = 4096;
/** Pages are kept in groups of up to 2 MiB, and only whole groups are dropped. */
const STEP_BYTES = 8 * 1024 * 1024;

/** Reads a large file once, from front to back, and leaves the page cache as it was. */
export interface PassingRead {
  /** Whether more than half of the file was in memory, as far as the kernel tells. */
  readonly isCached: boolean;
  /** To be told how far it was read: the pages before can be used for the next ones, which is faster than filling memory. */
  reached(offset: number): void;
}

/** What was in memory before stays there: where more than half of the file is, nothing of it is dropped. */
export function startPassingRead(fd: number): PassingRead {
  c.posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  if (isMostlyCached(fd)) return { isCached: true, reached: () => {} };
  let dropped = 0;
  return {
    isCached: false,
    reached(offset) {
      const end = offset - (offset % STEP_BYTES);
      if (end <= dropped) return;
      c.posix_fadvise(fd, dropped, end - dropped, POSIX_FADV_DONTNEED);
      dropped = end;
    },
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
