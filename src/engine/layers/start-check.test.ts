import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, open, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tarOf } from '#lib/erofs/test-image.ts';
import { sha256 } from '#lib/sha256.ts';
import type { LayerState } from './layer-store.ts';
import { noise, openTestLayers, type TestLayers } from './test-layers.ts';

const tar = tarOf({ name: 'folder/' }, { name: 'folder/file', content: noise(1, 300_000) });
const diffId = sha256(tar);

/** A store with one layer, on the disk. */
async function withLayer(): Promise<TestLayers> {
  const store = await openTestLayers();
  await store.add(tar);
  await store.layers.settled();
  return store;
}

/** As if the layer had been written in another boot, or before the file system was mounted again. */
function otherWitness({ database }: TestLayers, state: LayerState): void {
  database.prepare(`UPDATE layers SET witness = 'boot before', state = ?`).run(state);
}

async function flip(path: string, at: number): Promise<void> {
  await using file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 0x40;
  await file.write(byte, 0, 1, at);
}

const stateOf = (store: TestLayers): LayerState | undefined => store.layers.find(diffId)?.state;

test('a layer on the disk is as it was after a restart', async () => {
  await using store = await withLayer();
  const before = store.layers.find(diffId);
  await store.reopen();
  expect(store.layers.find(diffId)).toEqual(before);
  expect((await store.tarOf(diffId)).equals(tar)).toBe(true);
});

test('a layer that was settling is brought to the disk after a restart of the engine', async () => {
  await using store = await withLayer();
  await store.reopen(() => void store.database.prepare(`UPDATE layers SET state = 'settling'`).run());
  expect(store.layers.has(diffId)).toBe(true);
  await store.layers.settled();
  expect(stateOf(store)).toBe('durable');
});

test('a layer that was settling in another boot is not listed until it was hashed again', async () => {
  await using store = await withLayer();
  const layers = await store.reopen(() => otherWitness(store, 'settling'));
  expect(stateOf(store)).toBe('unproven');
  expect(layers.has(diffId)).toBe(false);
  await layers.proven();
  expect(stateOf(store)).toBe('durable');
  expect(layers.has(diffId)).toBe(true);
});

test.each([
  ['content', 4096 + 100_000],
  ['a tar header', 4096 + 512],
  ['the EROFS superblock', 1024 + 40],
  ['our header', 60],
])('a flipped bit in %s of a layer that was settling in another boot shows', async (_, at) => {
  await using store = await withLayer();
  const layers = await store.reopen(async () => {
    otherWitness(store, 'settling');
    await flip(store.pathOf(diffId), at);
  });
  await layers.proven();
  expect(stateOf(store)).toBe('damaged');
  expect(layers.has(diffId)).toBe(false);
  await store.add(tar);
  expect(layers.has(diffId)).toBe(true);
  expect((await store.tarOf(diffId)).equals(tar)).toBe(true);
});

test('a flipped bit in the index of one that is proven shows, too', async () => {
  await using store = await withLayer();
  const layers = await store.reopen(async () => {
    otherWitness(store, 'unproven');
    await flip(store.pathOf(diffId), Math.ceil((4096 + tar.length) / 4096) * 4096 + 10);
  });
  await layers.proven();
  expect(stateOf(store)).toBe('damaged');
});

test.each([
  ['is gone', (path: string) => rm(path)],
  ['was cut off', (path: string) => truncate(path, 100_000)],
  ['is empty', (path: string) => truncate(path, 0)],
  ['grew', (path: string) => truncate(path, 10_000_000)],
  ['has zeros where its header was', (path: string) => zeros(path)],
])('a durable layer whose file %s is damaged, and heals', async (_, damage) => {
  await using store = await withLayer();
  const layers = await store.reopen(() => damage(store.pathOf(diffId)));
  expect(stateOf(store)).toBe('damaged');
  expect(layers.has(diffId)).toBe(false);
  await store.add(tar);
  expect((await store.tarOf(diffId)).equals(tar)).toBe(true);
  expect(await store.files()).toHaveLength(1);
  await store.reopen();
  expect(store.layers.has(diffId)).toBe(true);
});

async function zeros(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(Buffer.alloc(4096), 0, 4096, 0);
}

test('a damaged layer whose file is gone can be removed', async () => {
  await using store = await withLayer();
  const layers = await store.reopen(() => rm(store.pathOf(diffId)));
  await layers.remove(diffId);
  expect(layers.list()).toEqual([]);
});

test('a layer that came to its name but not into the database is found, and hashed before it is listed', async () => {
  await using store = await withLayer();
  const before = store.layers.find(diffId);
  const layers = await store.reopen(() => store.database.exec('DELETE FROM layers'));
  expect(layers.has(diffId)).toBe(false);
  await layers.proven();
  expect(layers.find(diffId)).toEqual({ ...before, storedAt: expect.any(Number) });
});

test('what was on its way, and files that are no layers, are gone', async () => {
  await using store = await withLayer();
  await store.reopen(async () => {
    await writeFile(join(store.root, '.new/abc'), 'half');
    await writeFile(join(store.root, 'stray'), 'stray');
    await copyFile(store.pathOf(diffId), join(store.root, 'twin'));
  });
  await expect.poll(() => store.files()).toEqual([store.records.find(diffId)?.file]);
  expect(store.layers.has(diffId)).toBe(true);
});

test('a record of a file that was replaced finds the one that took its place', async () => {
  await using store = await withLayer();
  const { layers } = store;
  const stale = store.records.find(diffId);
  layers.condemn(diffId, 'test');
  await store.add(tar);
  await layers.settled();
  await store.reopen(() => void store.database.prepare('UPDATE layers SET file = ?').run(stale?.file ?? ''));
  await store.layers.proven();
  expect(store.layers.has(diffId)).toBe(true);
  expect(existsSync(store.layers.image(diffId).path)).toBe(true);
});

test('when the power goes while a layer is replaced, the former file is taken again', async () => {
  await using store = await withLayer();
  const former = store.records.find(diffId);
  const kept = join(store.root, '../kept');
  await copyFile(store.pathOf(diffId), kept);
  await store.add(tar);
  await store.layers.settled();
  const layers = await store.reopen(async () => {
    await copyFile(kept, join(store.root, former?.file ?? ''));
    otherWitness(store, 'settling');
    await zeros(store.pathOf(diffId));
  });
  await layers.proven();
  expect(store.records.find(diffId)).toMatchObject({ file: former?.file, state: 'durable' });
  await expect.poll(() => store.files()).toEqual([former?.file]);
});

test('closing ends hashing in the middle, and the next start begins it again', async () => {
  await using store = await withLayer();
  await store.reopen(() => otherWitness(store, 'unproven'));
  await store.reopen();
  await store.layers.proven();
  expect(stateOf(store)).toBe('durable');
  expect(
    `sha256:${createHash('sha256')
      .update(await store.tarOf(diffId))
      .digest('hex')}`,
  ).toBe(diffId);
});
