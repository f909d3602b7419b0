import { expect, test } from 'vitest';
import { fuzz } from '../../fuzz/fuzz.ts';
import { TARGETS } from '../../fuzz/targets.ts';

// A sample with a fixed seed; `npm run fuzz` does each at length, with other seeds.

const SEED = 20261121;
const ROUNDS: Readonly<Record<string, number>> = {
  tar: 2000,
  messages: 2000,
  manifests: 800,
  dockerfile: 2000,
  index: 1000,
  compression: 150,
  context: 120,
  layers: 60,
  images: 80,
  engine: 60,
};

test.each(TARGETS)('what comes to $name from outside is taken or refused properly', async (target) => {
  const { taken, refused, problems } = await fuzz(target, { seed: SEED, rounds: ROUNDS[target.name] ?? 0 });
  expect(problems).toEqual([]);
  expect(taken).toBeGreaterThan(5);
  expect(refused).toBeGreaterThan(5);
});
