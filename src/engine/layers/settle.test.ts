import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tarOf } from '#lib/erofs/test-image.ts';
import { silentLog } from '#lib/log.ts';
import { sha256 } from '#lib/sha256.ts';
import { createSettler } from './settle.ts';
import { noise, openTestLayers } from './test-layers.ts';

const tar = tarOf({ name: 'file', content: noise(1, 10_000) });
const diffId = sha256(tar);

test('a layer that does not come to the disk is damaged', async () => {
  await using store = await openTestLayers();
  const { state } = await store.add(tar);
  expect(state).toBe('settling');
  await store.layers.settled();
  store.database.exec(`UPDATE layers SET state = 'settling'`);
  await rm(store.pathOf(diffId));
  await using settler = createSettler({ ...store, incoming: join(store.root, '.new'), log: silentLog, prove() {} });
  settler.settle(diffId);
  await settler.settled();
  expect(store.layers.find(diffId)?.state).toBe('damaged');
});

test('one that takes the place of another is given up for that one if it does not come to the disk', async () => {
  await using store = await openTestLayers();
  await store.add(tar);
  await store.layers.settled();
  const former = store.records.find(diffId);
  if (former === undefined) throw new Error('the layer is not there');
  store.records.put({ ...former, file: 'gone', state: 'settling' });
  await using settler = createSettler({ ...store, incoming: join(store.root, '.new'), log: silentLog, prove() {} });
  settler.settle(diffId, former);
  await settler.settled();
  expect(store.records.find(diffId)).toMatchObject({ file: former.file, state: 'durable' });
  expect((await store.tarOf(diffId)).equals(tar)).toBe(true);
});

test('what was replaced goes when the new one is on the disk, or gone itself', async () => {
  await using store = await openTestLayers();
  await store.add(tar);
  await store.layers.settled();
  const layer = store.records.find(diffId);
  if (layer === undefined) throw new Error('the layer is not there');
  await using settler = createSettler({ ...store, incoming: join(store.root, '.new'), log: silentLog, prove() {} });
  for (const isRemoved of [false, true]) {
    await copyFile(store.pathOf(diffId), join(store.root, 'former'));
    store.database.exec(`UPDATE layers SET state = 'settling'`);
    if (isRemoved) await store.layers.remove(diffId);
    settler.settle(diffId, { ...layer, file: 'former' });
    await settler.settled();
    await expect.poll(() => store.files()).toEqual(isRemoved ? [] : [layer.file]);
  }
});

test('what was replaced goes with the newest one, when the one in its place is replaced itself', async () => {
  await using store = await openTestLayers();
  await store.add(tar);
  await store.layers.settled();
  const layer = store.records.find(diffId);
  if (layer === undefined) throw new Error('the layer is not there');
  await using settler = createSettler({ ...store, incoming: join(store.root, '.new'), log: silentLog, prove() {} });
  await copyFile(store.pathOf(diffId), join(store.root, 'first'));
  await copyFile(store.pathOf(diffId), join(store.root, 'second'));
  store.records.put({ ...layer, file: 'second', state: 'settling' });
  settler.settle(diffId, { ...layer, file: 'first' });
  // While that one is on its way.
  store.records.put({ ...layer, state: 'settling' });
  await rm(join(store.root, 'second'));
  settler.settle(diffId);
  await settler.settled();
  expect(store.records.find(diffId)).toMatchObject({ file: layer.file, state: 'durable' });
  await expect.poll(() => store.files()).toEqual([layer.file]);
});
