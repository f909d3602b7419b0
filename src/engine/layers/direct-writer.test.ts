import { constants } from 'node:fs';
import { mkdtempDisposable, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRing } from './create-ring.ts';
import { createDirectWriter } from './direct-writer.ts';
import { readRing, SLOT_BYTES, writeRing } from './ring.ts';

/** A whole slot of a ring, whose memory begins with a page. */
function slot(): Buffer {
  const ring = createRing();
  const writer = writeRing(ring);
  void writer.write(Buffer.alloc(SLOT_BYTES, 'layer'));
  const { value } = readRing(ring, 0).next();
  return value as Buffer;
}

/** A new file, opened to be written past the page cache. */
async function openFile(): Promise<AsyncDisposable & { fd: number; path: string }> {
  await using stack = new AsyncDisposableStack();
  // Beside the sources: a folder for temporary files may be a file system in memory, which has no direct I/O.
  const folder = stack.use(await mkdtempDisposable(join(import.meta.dirname, '.direct-')));
  const path = join(folder.path, 'layer');
  const { fd } = stack.use(await open(path, constants.O_CREAT | constants.O_RDWR | constants.O_DIRECT));
  const held = stack.move();
  return { fd, path, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

test('whole slots are written past the page cache, several at a time, and read back as any other bytes', async () => {
  await using file = await openFile();
  const usual: number[] = [];
  const writer = createDirectWriter(file.fd, (_, at) => usual.push(at));
  const piece = slot();
  for (const at of [4096, 4096 + SLOT_BYTES, 4096 + 2 * SLOT_BYTES]) expect(writer.begin(piece, at)).toBe(true);
  await writer.settle(1);
  await writer.settle(0);
  const bytes = await readFile(file.path);
  expect(bytes.subarray(0, 4096).equals(Buffer.alloc(4096))).toBe(true);
  expect(bytes.subarray(4096, 4096 + 3 * SLOT_BYTES).equals(Buffer.concat([piece, piece, piece]))).toBe(true);
  expect(usual).toEqual([]);
});

test.for([
  { why: 'its place is none of a block', length: SLOT_BYTES, at: 512 },
  { why: 'its end is none of a block', length: SLOT_BYTES - 512, at: 4096 },
  { why: 'it is small', length: 4096, at: 4096 },
])('a piece is left to others where $why', async ({ length, at }) => {
  await using file = await openFile();
  const writer = createDirectWriter(file.fd, () => expect.unreachable());
  expect(writer.begin(slot().subarray(0, length), at)).toBe(false);
  await writer.settle(0);
  expect((await readFile(file.path)).length).toBe(0);
});

test('memory that begins in the middle of a page is written as usual, and no direct write is tried again', async () => {
  await using file = await openFile();
  const usual: [number, number][] = [];
  const writer = createDirectWriter(file.fd, (piece, at) => usual.push([piece.length, at]));
  const whole = slot();
  const shifted = Buffer.from(whole.buffer, whole.byteOffset + 1, 512 * 1024);
  expect(writer.begin(shifted, 4096)).toBe(true);
  await writer.settle(0);
  expect(usual).toEqual([[512 * 1024, 4096]]);
  expect(writer.begin(whole, 4096)).toBe(false);
});

test('a failed write is told by who waits for it', async () => {
  await using folder = await mkdtempDisposable(join(import.meta.dirname, '.direct-'));
  const path = join(folder.path, 'layer');
  await using file = await open(path, 'w');
  const writer = createDirectWriter(file.fd, () => expect.unreachable());
  expect(writer.begin(slot(), 2 ** 50)).toBe(true);
  await expect(writer.settle(0)).rejects.toThrow('EFBIG');
  await writer.settle(0);
});

test('the memory of a chunk is waited for as soon as it may be used again, also when the chunks after it were not written directly', async () => {
  await using folder = await mkdtempDisposable(join(import.meta.dirname, '.direct-'));
  await using file = await open(join(folder.path, 'layer'), 'w');
  const writer = createDirectWriter(file.fd, () => expect.unreachable());
  expect(writer.begin(slot(), 2 ** 50)).toBe(true); // fails, so that one sees who waits for it
  await writer.settle(2);
  await writer.settle(2);
  await expect(writer.settle(2)).rejects.toThrow('EFBIG');
});
