import { expect, test } from 'vitest';
import { contentOf, digestOf, openTestLayers, tarOf, type TestFile } from './test-layers.ts';

const KIB = 1024;

/** 300 files of 1 to 80 KiB, six megabytes; and the same image made again with one changed, one grown, one moved and other times. */
function twoVersions(): { first: Buffer; second: Buffer; newBytes: number } {
  const files = Array.from({ length: 300 }, (_, index): TestFile => {
    const length = 1000 + ((index * 7919) % (index % 10 === 0 ? 80 * KIB : 30 * KIB));
    return { path: `usr/lib/package-${index % 20}/file-${index}.so`, bytes: contentOf(index, length) };
  });
  const later = files.map((file): TestFile => ({ ...file, mtimeNs: 1_700_000_000_000_000_000n }));
  const changed = Buffer.from(later[10]?.bytes ?? '');
  changed[changed.length - 5] = (changed.at(-5) ?? 0) ^ 0xff;
  later[10] = { ...later[10]!, bytes: changed };
  later[20] = { ...later[20]!, bytes: Buffer.concat([later[20]!.bytes, contentOf(1000, 20 * KIB)]) };
  later[30] = { ...later[30]!, path: 'opt/moved/file-30.so' };
  const isSmall = ({ bytes }: TestFile): boolean => bytes.length < 16 * KIB;
  const newBytes =
    later[10].bytes.length +
    later[20].bytes.length +
    later.filter(isSmall).reduce((sum, { bytes }) => sum + bytes.length, 0);
  return { first: tarOf(files), second: tarOf(later), newBytes };
}

test('the second version of an image takes little more than what is new in it, and is read back byte for byte', async () => {
  await using store = await openTestLayers();
  const { first, second, newBytes } = twoVersions();
  const one = await store.load(first);
  const two = await store.load(second);
  await store.layers.settled();
  expect(two.diffId).toBe(digestOf(second));
  expect(two.donors).toEqual([one.diffId]);
  // Headers, the index, and half a block at both ends of each piece that is written.
  const overhead = 300 * 3 * KIB;
  expect(store.layers.find(two.diffId)?.diskBytes).toBeLessThan(newBytes + overhead);
  expect(await store.digestOfRead(one.diffId)).toBe(one.diffId);
  expect(await store.digestOfRead(two.diffId)).toBe(two.diffId);
});

test('ranges of a deduplicated tar are those of the tar', async () => {
  await using store = await openTestLayers();
  const { first, second } = twoVersions();
  await store.load(first);
  const { diffId } = await store.load(second);
  for (const [start, end] of [
    [0, 0],
    [511, 70_000],
    [100_001, 3_000_017],
    [second.length - 3, second.length - 1],
  ] as const) {
    const parts: Uint8Array[] = [];
    for await (const part of store.layers.read(diffId, { start, end })) parts.push(part);
    expect(Buffer.concat(parts).equals(second.subarray(start, end + 1))).toBe(true);
  }
});

test('a third version finds its content where it lies, not in the layers that refer to it', async () => {
  await using store = await openTestLayers();
  const base = Array.from({ length: 20 }, (_, index) => ({ path: `f${index}`, bytes: contentOf(index, 150_000) }));
  const extra = { path: 'extra', bytes: contentOf(99, 200_000) };
  const one = await store.load(tarOf(base));
  const two = await store.load(tarOf([...base, extra]));
  const three = await store.load(tarOf([...base.toReversed(), extra, { path: 'more', bytes: contentOf(98, 40_000) }]));
  expect(two.donors).toEqual([one.diffId]);
  expect(new Set(three.donors)).toEqual(new Set([one.diffId, two.diffId]));
  expect(await store.digestOfRead(three.diffId)).toBe(three.diffId);
});

test('a removed layer stays as the donor of others with what they need, and goes with the last of them', async () => {
  await using store = await openTestLayers();
  const empty = store.diskBytes();
  const shared = { path: 'shared', bytes: contentOf(1, 2_600_000) };
  const own = { path: 'own', bytes: contentOf(2, 3_000_000) };
  const one = await store.load(tarOf([shared, own]));
  const two = await store.load(tarOf([shared, { path: 'new', bytes: contentOf(3, 50_000) }]));
  await store.layers.remove(one.diffId);
  expect(store.layers.has(one.diffId)).toBe(false);
  expect(store.layers.find(one.diffId)?.state).toBe('donor');
  await store.idle();
  expect(store.diskBytes()).toBeLessThan(empty + 2_600_000 + 200_000);
  expect(await store.digestOfRead(two.diffId)).toBe(two.diffId);
  await store.layers.remove(two.diffId);
  await store.idle();
  expect(store.layers.list()).toEqual([]);
  expect(store.diskBytes()).toBe(empty);
});

test('a donor that comes again is whole again, and what refers to it is right', async () => {
  await using store = await openTestLayers();
  const shared = { path: 'shared', bytes: contentOf(1, 2_600_000) };
  const first = tarOf([{ path: 'own', bytes: contentOf(2, 3_000_000) }, shared]);
  const one = await store.load(first);
  const two = await store.load(tarOf([shared, { path: 'new', bytes: contentOf(3, 50_000) }]));
  await store.layers.remove(one.diffId);
  await store.idle();
  const again = await store.load(first);
  expect(again.donors).toEqual([]);
  expect(await store.digestOfRead(one.diffId)).toBe(one.diffId);
  expect(await store.digestOfRead(two.diffId)).toBe(two.diffId);
});

test('a deduplicated layer others refer to keeps its content in place when it comes again', async () => {
  await using store = await openTestLayers();
  const base = [{ path: 'base', bytes: contentOf(1, 2_300_000) }];
  const middle = tarOf([...base, { path: 'middle', bytes: contentOf(2, 2_400_000) }]);
  const one = await store.load(tarOf(base));
  const two = await store.load(middle);
  const three = await store.load(
    tarOf([
      { path: 'x', bytes: contentOf(3, 20_000) },
      { path: 'middle', bytes: contentOf(2, 2_400_000) },
    ]),
  );
  expect(three.donors).toEqual([two.diffId]);
  await store.layers.remove(one.diffId);
  store.layers.condemn(two.diffId, 'for the test');
  await store.layers.proven();
  const again = await store.load(middle);
  await store.layers.proven();
  expect(store.layers.has(again.diffId)).toBe(true);
  expect(await store.digestOfRead(two.diffId)).toBe(two.diffId);
  expect(store.layers.has(three.diffId)).toBe(true);
  expect(await store.digestOfRead(three.diffId)).toBe(three.diffId);
});

test('what others refer to in a layer stays there when the layer comes again and somebody else has it too', async () => {
  await using store = await openTestLayers();
  const shared = { path: 'shared', bytes: contentOf(1, 2_600_000) };
  const image = tarOf([{ path: 'own', bytes: contentOf(2, 500_000) }, shared]);
  const one = await store.load(image);
  const two = await store.load(tarOf([shared, { path: 'new', bytes: contentOf(3, 50_000) }]));
  expect(two.donors).toEqual([one.diffId]);
  await store.load(tarOf([shared, { path: 'other', bytes: contentOf(4, 50_000) }]), { isAlone: true });
  store.layers.condemn(one.diffId, 'for the test');
  await store.layers.proven();
  await store.load(image);
  await store.layers.proven();
  for (const { diffId } of [one, two]) expect(await store.digestOfRead(diffId)).toBe(diffId);
});

test('the same layer again is kept as it is', async () => {
  await using store = await openTestLayers();
  const { first, second } = twoVersions();
  const one = await store.load(first);
  await store.load(second);
  await store.layers.settled();
  const path = store.layers.image(one.diffId).path;
  const bytes = store.diskBytes();
  await store.load(first);
  await store.load(second);
  expect(store.layers.image(one.diffId).path).toBe(path);
  expect(store.diskBytes()).toBe(bytes);
});

test('content with something else than zeros behind it is shared up to its last block', async () => {
  await using store = await openTestLayers();
  const file = { path: 'x', bytes: contentOf(1, 3_100_001) };
  await store.load(tarOf([file]));
  const odd = tarOf([{ ...file, mtimeNs: 5_000_000_000n }]);
  odd[512 + 3_100_001 + 7] = 0xff;
  const two = await store.load(odd);
  expect(two.donors).toHaveLength(1);
  expect(await store.digestOfRead(two.diffId)).toBe(digestOf(odd));
});

test('damage of a donor is damage of those that refer to it, and its arrival heals them', async () => {
  await using store = await openTestLayers();
  const { first, second } = twoVersions();
  const one = await store.load(first);
  const two = await store.load(second);
  await store.idle();
  await store.flipByte(one.diffId, 4096 + first.length - 10_000);
  store.layers.condemn(one.diffId, 'for the test');
  expect([one, two].map(({ diffId }) => store.layers.has(diffId))).toEqual([false, false]);
  await store.layers.proven();
  expect(store.layers.has(two.diffId)).toBe(false);
  expect(store.layers.find(two.diffId)?.state).toBe('damaged');
  await store.load(first);
  await store.layers.proven();
  for (const { diffId } of [one, two]) {
    expect(store.layers.has(diffId)).toBe(true);
    expect(await store.digestOfRead(diffId)).toBe(diffId);
  }
});

test('a layer that refers to another part of a damaged donor stays whole', async () => {
  await using store = await openTestLayers();
  const shared = { path: 'shared', bytes: contentOf(1, 2_600_000) };
  const one = await store.load(tarOf([{ path: 'own', bytes: contentOf(2, 500_000) }, shared]));
  const two = await store.load(tarOf([shared, { path: 'new', bytes: contentOf(3, 50_000) }]));
  await store.idle();
  await store.flipByte(one.diffId, 4096 + 512 + 10_000);
  store.layers.condemn(one.diffId, 'for the test');
  await store.layers.proven();
  expect([one, two].map(({ diffId }) => store.layers.has(diffId))).toEqual([false, true]);
});

test('a byte that changed on the disk unseen is right again after the next load', async () => {
  await using store = await openTestLayers();
  const { first, second } = twoVersions();
  const one = await store.load(first);
  const two = await store.load(second);
  await store.idle();
  for (const offset of [4096 + 100, 4096 + 200_000, 4096 + first.length - 10_000]) {
    await store.flipByte(one.diffId, offset);
    await store.load(first);
    for (const { diffId } of [one, two]) expect(await store.digestOfRead(diffId)).toBe(diffId);
  }
});

test('layers that refer to layers that refer to layers are found again without a database', async () => {
  await using store = await openTestLayers();
  const files = [1, 2, 3, 4].map((seed) => ({ path: `file-${seed}`, bytes: contentOf(seed, 2_200_000) }));
  const images = [[0], [0, 1], [0, 1, 2], [2, 3]].map((numbers) => tarOf(numbers.map((number) => files[number]!)));
  const records = [];
  for (const image of images) records.push(await store.load(image));
  expect(records.map(({ donors }) => donors.length)).toEqual([0, 1, 2, 1]);
  await store.idle();
  await store.layers.remove(records[1]!.diffId);
  await store.reopen((database) => database.exec('DELETE FROM layer_donors; DELETE FROM layers'));
  await store.layers.proven();
  for (const { diffId } of [records[0]!, records[2]!, records[3]!]) {
    expect(store.layers.has(diffId)).toBe(true);
    expect(await store.digestOfRead(diffId)).toBe(diffId);
  }
});
