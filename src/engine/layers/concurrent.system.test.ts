import { expect, test } from 'vitest';
import { tarOf } from '#lib/erofs/test-image.ts';
import { sha256 } from '#lib/sha256.ts';
import { noise, openTestLayers } from './test-layers.ts';

const SEED = 20_261_121;
const SHARED = [0, 1, 2].map((index) => noise(index, 900_000));

/** Layers of one image built again and again: equal files with other times, and one that differs. */
const TARS = [0, 1, 2, 3].map((version) =>
  tarOf(
    ...SHARED.map((content, index) => ({ name: `shared${index}`, content, mtimeNs: BigInt(version) * 1_000_000_000n })),
    { name: 'own', content: noise(50 + version, 300_000) },
  ),
);

/** Numbers that are the same for the same seed. */
function numbersFrom(seed: number): (limit: number) => number {
  let word = seed;
  return (limit) => {
    word = (Math.imul(word, 1_103_515_245) + 12_345) >>> 0;
    return (word >>> 8) % limit;
  };
}

test('whatever is done at the same time, what is listed is whole, and nothing is left in the end', async () => {
  await using store = await openTestLayers();
  const random = numbersFrom(SEED);
  const one = async (): Promise<void> => {
    for (let step = 0; step < 15; step += 1) {
      const tar = TARS[random(TARS.length)] ?? Buffer.alloc(0);
      const diffId = sha256(tar);
      const what = random(10);
      if (what < 5) expect((await store.add(tar)).diffId).toBe(diffId);
      else if (what < 7) await store.layers.remove(diffId);
      else if (what < 8) await store.layers.dedupe({ isDryRun: false });
      else if (store.layers.has(diffId)) expect(sha256(await store.tarOf(diffId))).toBe(diffId);
    }
  };
  await Promise.all([one(), one(), one(), one()]);
  await store.layers.settled();
  await store.layers.proven();
  for (const { diffId, state } of store.layers.list()) {
    expect(['durable', 'donor']).toContain(state);
    if (state === 'durable') expect(sha256(await store.tarOf(diffId))).toBe(diffId);
  }
  for (const tar of TARS) await store.layers.remove(sha256(tar));
  expect(store.layers.list()).toEqual([]);
  await expect.poll(() => store.files()).toEqual([]);
}, 60_000);

test('a tar that is being read is read to its end, whatever is removed meanwhile', async () => {
  await using store = await openTestLayers();
  const shared = Array.from({ length: 8 }, (_, index) => noise(index, 1_000_000));
  const version = (seconds: bigint, count: number): Buffer =>
    tarOf(...shared.slice(0, count).map((content, index) => ({ name: `${index}`, content, mtimeNs: seconds * 1_000_000_000n }))); // prettier-ignore
  const [first, second, third] = [version(0n, 8), version(1n, 8), version(2n, 3)];
  await store.add(first);
  await store.layers.settled();
  expect((await store.add(second)).donors).toEqual([sha256(first)]);
  // Needs a part of the first, so that the rest of it is given back.
  expect((await store.add(third)).donors).toEqual([sha256(first)]);
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.layers.read(sha256(second))) {
    chunks.push(chunk);
    await store.layers.remove(sha256(first));
    await store.layers.remove(sha256(second));
    expect(store.layers.has(sha256(second))).toBe(false);
    await store.layers.freed();
  }
  expect(Buffer.concat(chunks).equals(second)).toBe(true);
  await store.layers.freed();
  expect(store.layers.find(sha256(first))?.diskBytes).toBeLessThan(4_000_000);
  await store.layers.remove(sha256(third));
  expect(store.layers.list()).toEqual([]);
  await expect.poll(() => store.files()).toEqual([]);
});
