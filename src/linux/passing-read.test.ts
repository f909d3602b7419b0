import { readSync } from 'node:fs';
import { mkdtempDisposable, open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { c } from './ffi.ts';
import { numbers } from './numbers.ts';
import { startPassingRead } from './passing-read.ts';

const BYTES = 32 * 1024 * 1024;

/** Pages of the file in memory. */
function cachedPages(fd: number): number {
  const found = Buffer.alloc(40);
  // eslint-disable-next-line max-params -- the kernel's own
  const code = c.syscall(
    numbers().syscalls.cachestat,
    'uint',
    fd,
    'void *',
    Buffer.alloc(16),
    'void *',
    found,
    'uint',
    0,
  );
  expect(code).toBe(0);
  return Number(found.readBigUInt64LE(0));
}

test('what was on the disk alone is forgotten behind the reader, what was in memory stays', async () => {
  // Beside the sources: a folder for temporary files may be a file system in memory, which forgets nothing.
  await using folder = await mkdtempDisposable(join(import.meta.dirname, '.passing-'));
  await using file = await open(join(folder.path, 'file'), 'wx+');
  await file.write(Buffer.alloc(BYTES, 1));
  await file.sync();
  const pages = BYTES / 4096;
  startPassingRead(file.fd).reached(BYTES);
  expect(cachedPages(file.fd)).toBe(pages);
  c.posix_fadvise(file.fd, 0, 0, 4);
  expect(cachedPages(file.fd)).toBe(0);
  const passing = startPassingRead(file.fd);
  readSync(file.fd, Buffer.alloc(BYTES / 2), 0, BYTES / 2, 0);
  expect(cachedPages(file.fd)).toBeGreaterThanOrEqual(pages / 2);
  passing.reached(BYTES / 2);
  expect(cachedPages(file.fd)).toBeLessThanOrEqual(pages / 2);
});
