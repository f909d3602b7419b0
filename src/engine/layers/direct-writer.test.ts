import { constants } from 'node:fs';
import { mkdtempDisposable, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createDirectWriter } from './direct-writer.ts';
import { createRing } from './create-ring.ts';
import { readRing, SLOT_BYTES, writeRing } from './ring.ts';

/** A whole slot of a ring, whose memory begins with a page. */
function slot(): Buffer {
  const ring = createRing();
  const writer = writeRing(ring);
  void writer.write(Buffer.alloc(SLOT_BYTES, 'layer'));
  const { value } = readRing(ring, 0).next();
  return value as Buffer;
}

test('whole slots are written past the page cache, and read back as any other bytes', async () => {
  // Beside the sources: a folder for temporary files may be a file system in memory, which has no direct I/O.
  await using folder = await mkdtempDisposable(join(import.meta.dirname, '.direct-'));
  const path = join(folder.path, 'layer');
  await using file = await open(path, 'wx+');
  await using direct = await open(path, constants.O_WRONLY | constants.O_DIRECT);
  const write = createDirectWriter(direct.fd);
  const piece = slot();
  await file.write(Buffer.from('head'), 0, undefined, 0);
  expect(write(piece, 4096)).toBe(true);
  const bytes = await readFile(path);
  expect(bytes.subarray(0, 4).toString()).toBe('head');
  expect(bytes.subarray(4096).equals(piece)).toBe(true);
});

test.for([
  { why: 'its place is none of a block', from: 0, length: SLOT_BYTES, at: 512 },
  { why: 'its end is none of a block', from: 0, length: SLOT_BYTES - 512, at: 4096 },
  { why: 'it is small', from: 0, length: 4096, at: 4096 },
])('a piece is left to others where $why', async ({ from, length, at }) => {
  await using folder = await mkdtempDisposable(join(import.meta.dirname, '.direct-'));
  const path = join(folder.path, 'layer');
  await using file = await open(path, 'wx+');
  const write = createDirectWriter(file.fd);
  expect(write(slot().subarray(from, from + length), at)).toBe(false);
  expect((await readFile(path)).length).toBe(0);
});

test('memory that begins in the middle of a page is left to others, and no direct write is tried again', async () => {
  await using folder = await mkdtempDisposable(join(import.meta.dirname, '.direct-'));
  const path = join(folder.path, 'layer');
  await using _ = await open(path, 'wx+');
  await using direct = await open(path, constants.O_WRONLY | constants.O_DIRECT);
  const write = createDirectWriter(direct.fd);
  const whole = slot();
  const shifted = Buffer.from(whole.buffer, whole.byteOffset + 1, 512 * 1024);
  expect(write(shifted, 4096)).toBe(false);
  expect(write(whole, 4096)).toBe(false);
});
