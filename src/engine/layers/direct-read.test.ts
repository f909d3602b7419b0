import { randomBytes } from 'node:crypto';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freeBuffer } from '#lib/free-buffer.ts';
import { openDirectRead } from './direct-read.ts';

test('whole blocks are read around the page cache; what does not fit or is not there is left to the usual way', async () => {
  await using folder = await mkdtempDisposable(join(import.meta.dirname, '.direct-read-'));
  const path = join(folder.path, 'layer');
  const bytes = randomBytes(64 * 1024 + 100);
  await writeFile(path, bytes);
  using file = openDirectRead(path);
  if (file === undefined) throw new Error('the file system of the source tree has no direct I/O');
  const piece = await file.read(4096, 8192);
  expect(piece?.equals(bytes.subarray(4096, 12_288))).toBe(true);
  freeBuffer(piece ?? Buffer.alloc(0));
  expect(piece?.length).toBe(0);
  expect(file.read(100, 4096)).toBeUndefined();
  expect(file.read(4096, 100)).toBeUndefined();
  expect((await file.read(61_440, 8192))?.length).toBe(0);
  expect(file.read(4096, 8192)).toBeUndefined(); // it gave less than asked for once
});
