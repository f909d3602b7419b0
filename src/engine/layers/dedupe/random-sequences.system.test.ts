import { expect, test } from 'vitest';
import type { Digest } from '#oci/digest.ts';
import { contentOf, digestOf, openTestLayers, tarOf, type TestFile, type TestLayers } from './test-layers.ts';

/** Numbers that are the same in every run. */
function createRandom(seed: number): (limit: number) => number {
  let word = seed;
  return (limit) => {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((word / 2 ** 32) * limit);
  };
}

type Random = (limit: number) => number;

/** Images of a family: each has some of the same contents, under the same or other names, and something of its own. */
function imageOf(number: number, random: Random): Buffer {
  const shared = Array.from({ length: 12 }, (_, index): TestFile | undefined => {
    if (random(4) === 0) return undefined;
    const folder = random(5) === 0 ? `moved-${number}` : 'lib';
    return {
      path: `${folder}/file-${index}`,
      bytes: contentOf(index, 150_000 + index * 30_011),
      mtimeNs: BigInt(number) * 10n ** 9n,
    };
  });
  const own = { path: 'own', bytes: contentOf(1000 + number, 100_000 + number * 10_007) };
  return tarOf([
    ...shared.filter((file) => file !== undefined),
    own,
    { path: 'filler', bytes: contentOf(77, 900_000) },
  ]);
}

type Step = (store: TestLayers, model: Map<Digest, Buffer>, image: Buffer) => Promise<void>;

const STEPS: readonly Step[] = [
  async (store, model, image) => {
    await store.load(image);
    model.set(digestOf(image), image);
  },
  async (store, model, image) => {
    await store.load(image);
    model.set(digestOf(image), image);
  },
  async (store, model, image) => {
    await store.load(image, { isAlone: true });
    model.set(digestOf(image), image);
  },
  async (store, model, image) => {
    await store.layers.remove(digestOf(image));
    model.delete(digestOf(image));
  },
  async (store) => void (await store.layers.dedupe({ isDryRun: false })),
  async (store) => store.layers.freed(),
  async (store) => store.reopen(),
  async (store, model, image) => {
    if (model.has(digestOf(image))) store.layers.condemn(digestOf(image), 'for the test');
    await store.load(image);
    await store.layers.proven();
    model.set(digestOf(image), image);
  },
];

async function checkAll(store: TestLayers, model: ReadonlyMap<Digest, Buffer>): Promise<void> {
  await store.layers.proven();
  for (const diffId of model.keys()) {
    expect(store.layers.has(diffId)).toBe(true);
    expect(await store.digestOfRead(diffId)).toBe(diffId);
  }
  const listed = store.layers.list().filter(({ state }) => state !== 'donor');
  expect(new Set(listed.map(({ diffId }) => diffId))).toEqual(new Set(model.keys()));
}

test.each([1, 2, 3])(
  'whatever is loaded, removed and deduplicated, each layer stays what it is (seed %i)',
  async (seed) => {
    const random = createRandom(seed);
    const images = Array.from({ length: 6 }, (_, number) => imageOf(number, random));
    await using store = await openTestLayers();
    const empty = store.diskBytes();
    const model = new Map<Digest, Buffer>();
    for (let round = 0; round < 25; round += 1) {
      const image = images[random(images.length)] ?? Buffer.alloc(0);
      await STEPS[random(STEPS.length)]?.(store, model, image);
      await checkAll(store, model);
    }
    for (const diffId of model.keys()) await store.layers.remove(diffId);
    await store.idle();
    expect(store.layers.list()).toEqual([]);
    expect(store.diskBytes()).toBe(empty);
  },
);

test('what happens at the same time does no harm either', async () => {
  const random = createRandom(9);
  const images = Array.from({ length: 6 }, (_, number) => imageOf(number, random));
  await using store = await openTestLayers();
  const empty = store.diskBytes();
  for (let round = 0; round < 4; round += 1) {
    const kept = images.slice(0, 3);
    const going = images.slice(3);
    await Promise.all([
      ...kept.map((image) => store.load(image)),
      ...going.map((image) => store.load(image).then(({ diffId }) => store.layers.remove(diffId))),
      store.layers.dedupe({ isDryRun: false }),
    ]);
    await checkAll(store, new Map(kept.map((image) => [digestOf(image), image])));
    if (round % 2 === 1) await store.layers.remove(digestOf(images[round % 3] ?? Buffer.alloc(0)));
  }
  for (const image of images) await store.layers.remove(digestOf(image));
  await store.idle();
  expect(store.layers.list()).toEqual([]);
  expect(store.diskBytes()).toBe(empty);
});
