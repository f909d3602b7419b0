import { expect, test } from 'vitest';
import { contentOf, openTestLayers, tarOf, type TestFile } from './test-layers.ts';

/** The same contents under other names. */
function renamed(files: readonly TestFile[]): TestFile[] {
  return files.map(({ bytes }, index) => ({ path: `elsewhere/${index}.bin`, bytes }));
}

const FILES: readonly TestFile[] = Array.from({ length: 40 }, (_, index) => ({
  path: `lib/file-${index}`,
  bytes: contentOf(index, 100_000 + index * 5000),
}));
const EXTRA: TestFile = { path: 'extra', bytes: contentOf(500, 300_000) };

test('layers that came whole share their content afterwards, under whatever names', async () => {
  await using store = await openTestLayers();
  const one = await store.load(tarOf(FILES), { isAlone: true });
  const two = await store.load(tarOf([EXTRA, ...renamed(FILES)]), { isAlone: true });
  await store.idle();
  const before = store.diskBytes();
  const summary = await store.layers.dedupe({ isDryRun: false });
  await store.idle();
  expect(summary).toMatchObject({ layers: 2, rewritten: 1 });
  expect(summary.shared).toBe(FILES.reduce((sum, { bytes }) => sum + bytes.length, 0));
  expect(before - store.diskBytes()).toBeGreaterThan(0.9 * summary.saved);
  expect(summary.saved).toBeGreaterThan(7_000_000);
  expect(store.layers.find(two.diffId)?.donors).toEqual([one.diffId]);
  for (const { diffId } of [one, two]) expect(await store.digestOfRead(diffId)).toBe(diffId);
  expect(await store.layers.dedupe({ isDryRun: false })).toMatchObject({ layers: 2, rewritten: 0, saved: 0 });
});

test('a dry run tells what would be saved, and changes nothing', async () => {
  await using store = await openTestLayers();
  await store.load(tarOf(FILES), { isAlone: true });
  await store.load(tarOf([EXTRA, ...renamed(FILES)]), { isAlone: true });
  await store.idle();
  const before = store.diskBytes();
  const told = await store.layers.dedupe({ isDryRun: true });
  expect(store.diskBytes()).toBe(before);
  const done = await store.layers.dedupe({ isDryRun: false });
  expect(told).toMatchObject({ layers: 2, rewritten: 1, shared: done.shared });
  expect(Math.abs(told.saved - done.saved)).toBeLessThan(0.05 * done.saved);
});

test('content that others refer to stays where it is', async () => {
  await using store = await openTestLayers();
  const one = await store.load(tarOf(FILES), { isAlone: true });
  const two = await store.load(tarOf([EXTRA, ...renamed(FILES)]), { isAlone: true });
  // Of the same names as in the second layer, so that it is the donor.
  const three = await store.load(tarOf([{ ...EXTRA, path: 'copy/of/extra' }, ...renamed(FILES).slice(0, 20)]));
  const donorsBefore = three.donors;
  expect(donorsBefore).toEqual([two.diffId]);
  await store.layers.dedupe({ isDryRun: false });
  await store.idle();
  for (const { diffId } of [one, two, three]) expect(await store.digestOfRead(diffId)).toBe(diffId);
  await store.layers.remove(one.diffId);
  await store.layers.remove(two.diffId);
  await store.idle();
  expect(await store.digestOfRead(three.diffId)).toBe(three.diffId);
  await store.layers.remove(three.diffId);
  await store.idle();
  expect(store.layers.list()).toEqual([]);
});

test('a layer that is removed meanwhile stays removed', async () => {
  await using store = await openTestLayers();
  await store.load(tarOf(FILES), { isAlone: true });
  const two = await store.load(tarOf([EXTRA, ...renamed(FILES)]), { isAlone: true });
  await store.idle();
  const onProgress = ({ phase, diffId }: { phase: string; diffId: string }): void => {
    if (phase === 'Looking' && diffId === two.diffId) void store.layers.remove(two.diffId);
  };
  expect(await store.layers.dedupe({ isDryRun: false, onProgress })).toMatchObject({ rewritten: 0 });
  await store.idle();
  expect(store.layers.list()).toHaveLength(1);
});

test('a layer whose bytes changed on the disk is found out, and not written anew', async () => {
  await using store = await openTestLayers();
  await store.load(tarOf(FILES), { isAlone: true });
  const two = await store.load(tarOf([EXTRA, ...renamed(FILES)]), { isAlone: true });
  await store.idle();
  await store.flipByte(two.diffId, 4096 + 512 + 1000);
  await store.layers.dedupe({ isDryRun: false });
  expect(store.layers.find(two.diffId)?.state).toBe('damaged');
});
