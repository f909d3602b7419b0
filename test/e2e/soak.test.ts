import { expect, test } from 'vitest';
import { fuzzApi } from '../../soak/fuzz-api.ts';
import { fuzzTar } from '../../soak/fuzz-tar.ts';
import { killEngine } from '../../soak/kill-engine.ts';
import { manyContainers } from '../../soak/many-containers.ts';

// Seeded samples; `npm run soak` does each at length, with other seeds.

test('an engine killed in the middle of work loses nothing and leaves nothing half-done', async () => {
  expect((await killEngine({ seed: 20261121, rounds: 6 })).problems).toEqual([]);
});

test('archives with hostile names, links and damage are refused, and reach nothing outside', async () => {
  const { problems, counts } = await fuzzTar({ seed: 20261121, rounds: 120 });
  expect(problems).toEqual([]);
  expect(counts['refused']).toBeGreaterThan(20);
  expect(counts['accepted']).toBeGreaterThan(10);
});

test('requests that were changed at random get proper answers', async () => {
  const { problems, counts } = await fuzzApi({ seed: 20261121, rounds: 250 });
  expect(problems).toEqual([]);
  expect(counts['2xx']).toBeGreaterThan(50);
  expect(counts['4xx']).toBeGreaterThan(50);
});

test('containers that come and go leave nothing on the host, nor in the engine', async () => {
  expect((await manyContainers({ seed: 1, rounds: 15 })).problems).toEqual([]);
});
