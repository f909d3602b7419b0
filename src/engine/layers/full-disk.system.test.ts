import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarOf } from '#lib/erofs/test-image.ts';
import { UnavailableError } from '#lib/errors.ts';
import { openSmallDisk, type SmallDisk } from '../../../test/support/small-disk.ts';
import { chunksOf, noise, openTestLayers } from './test-layers.ts';

// Layers that do not fit on the disk.

const MIB = 1024 * 1024;
let disk: SmallDisk;
beforeAll(async () => {
  disk = await openSmallDisk(64);
});
afterAll(() => disk[Symbol.asyncDispose]());

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(disk.path);
  return bavail * bsize;
}

test('a layer that is larger than the disk is refused, and leaves room for what the engine writes', async () => {
  await using store = await openTestLayers(disk.path);
  const before = await freeBytes();
  let least = before;
  async function* endless(): AsyncGenerator<Buffer> {
    yield tarOf({ name: 'file', content: noise(1, 1000) }).subarray(0, -1024);
    for (;;) {
      yield* chunksOf(tarOf({ name: `${Math.random()}`, content: noise(2, MIB) }).subarray(0, -1024));
      least = Math.min(least, await freeBytes());
    }
  }
  await expect(store.layers.ingest(endless(), { limitBytes: 1e12 })).rejects.toThrow(UnavailableError);
  expect(least).toBeGreaterThan(MIB);
  expect(await store.files()).toEqual([]);
  // Space comes back when the file is closed, which the writing thread does.
  await expect.poll(freeBytes).toBeGreaterThan(before - MIB);
});

test('a small layer on a disk that is nearly full is refused with what to do about it', async () => {
  await using store = await openTestLayers(disk.path);
  await using filler = await fill(join(disk.path, 'filler'));
  const failure: unknown = await store.add(tarOf({ name: 'file', content: 'x' })).catch((error: unknown) => error);
  expect(failure).toMatchObject({ message: 'no space left on the disk', hint: expect.stringContaining('prune') });
  expect(await store.files()).toEqual([]);
  await filler[Symbol.asyncDispose]();
  await store.add(tarOf({ name: 'file', content: 'x' }));
});

test('a disk that somebody else fills meanwhile is an error, and nothing is left', async () => {
  await using store = await openTestLayers(disk.path);
  const tar = tarOf({ name: 'file', content: noise(1, 16 * MIB) });
  await using cleanup = new AsyncDisposableStack();
  async function* whileOthersWrite(): AsyncGenerator<Buffer> {
    yield* chunksOf(tar.subarray(0, 3 * MIB));
    cleanup.use(await fill(join(disk.path, 'filler'), 0));
    yield* chunksOf(tar.subarray(3 * MIB));
  }
  const ingesting = store.layers.ingest(whileOthersWrite(), { limitBytes: 1e9 });
  await expect(ingesting).rejects.toThrow('no space left on the disk');
  expect(await store.files()).toEqual([]);
  await cleanup.disposeAsync();
  expect((await store.tarOf((await store.add(tar)).diffId)).equals(tar)).toBe(true);
});

/** Takes all of the disk but a little. */
async function fill(path: string, leftBytes = 2 * MIB): Promise<AsyncDisposable> {
  {
    await using file = await open(path, 'w');
    await file.write(Buffer.alloc((await freeBytes()) - leftBytes, 1));
  }
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}
