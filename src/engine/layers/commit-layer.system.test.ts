import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tarOf } from '#lib/erofs/test-image.ts';
import { sha256 } from '#lib/sha256.ts';
import { chunksOf, openTestLayers } from './test-layers.ts';

const limitBytes = 1e9;
/** Large enough to be compared with what is there; one file is too small for it. */
const contents = [3_000_000, 1_000_000, 700].map((bytes) => randomBytes(bytes));
const tar = tarOf(...contents.map((content, index) => ({ name: `file${index}`, content })));
const diffId = sha256(tar);

test('a layer that comes again and is equal is kept, and little is written', async () => {
  await using store = await openTestLayers();
  await store.add(tar);
  await store.layers.settled();
  const before = store.records.find(diffId);
  const { state } = await store.add(tar);
  expect(state).toBe('durable');
  expect(store.records.find(diffId)).toEqual(before);
  await expect.poll(() => store.files()).toHaveLength(1);
});

test.each([
  ['of a file that is compared as it comes', 4096 + 1_000_000],
  ['of a file that is too small for that', 4096 + tar.indexOf(contents[2] ?? '') + 100],
  ['of a tar header', 4096 + 10],
])('a layer that comes again is replaced when a byte %s is not what it was', async (_, at) => {
  await using store = await openTestLayers();
  await store.add(tar);
  await store.layers.settled();
  const { file } = store.records.find(diffId) ?? {};
  {
    await using opened = await open(store.pathOf(diffId), 'r+');
    await opened.write(Buffer.from('~'), 0, 1, at);
  }
  expect(sha256(await store.tarOf(diffId))).not.toBe(diffId);
  await store.add(tar);
  expect(store.records.find(diffId)?.file).not.toBe(file);
  expect(store.layers.find(diffId)?.donors).toEqual([]);
  expect(sha256(await store.tarOf(diffId))).toBe(diffId);
});

test('a layer that is removed while it comes again is there afterwards', async () => {
  await using store = await openTestLayers();
  await store.add(tar);
  await store.layers.settled();
  {
    await using ingested = await store.layers.ingest(chunksOf(tar), { limitBytes });
    await store.layers.remove(diffId);
    expect(store.layers.has(diffId)).toBe(false);
    expect((await ingested.commit()).state).toBe('settling');
  }
  expect(store.layers.has(diffId)).toBe(true);
  expect(sha256(await store.tarOf(diffId))).toBe(diffId);
  await store.layers.settled();
  expect(store.layers.find(diffId)?.state).toBe('durable');
});

test('a layer that was removed, and held only by one that came and was not wanted, goes with it', async () => {
  await using store = await openTestLayers();
  await store.add(tar);
  await store.layers.settled();
  {
    await using ingested = await store.layers.ingest(chunksOf(tar), { limitBytes });
    await store.layers.remove(diffId);
    expect(store.layers.list()).toMatchObject([{ state: 'donor' }]);
    expect(Buffer.concat(await Array.fromAsync(ingested.read())).equals(tar)).toBe(true);
  }
  expect(store.layers.list()).toEqual([]);
  await expect.poll(() => store.files()).toEqual([]);
});

test('the same layer that comes twice at a time is there once', async () => {
  await using store = await openTestLayers();
  const records = await Promise.all([store.add(tar), store.add(tar), store.add(tar)]);
  expect(new Set(records.map((record) => record.diffId))).toEqual(new Set([diffId]));
  await store.layers.settled();
  await expect.poll(() => store.files()).toHaveLength(1);
  expect(sha256(await store.tarOf(diffId))).toBe(diffId);
});
