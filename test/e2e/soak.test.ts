import { expect, test } from 'vitest';
import { corruptImages } from '../../soak/corrupt-images.ts';
import { fillDisk } from '../../soak/full-disk.ts';
import { fuzzApi } from '../../soak/fuzz-api.ts';
import { killBuilds } from '../../soak/kill-builds.ts';
import { killEngine } from '../../soak/kill-engine.ts';
import { killImages } from '../../soak/kill-images.ts';
import { manyContainers } from '../../soak/many-containers.ts';
import { cutPower } from '../../soak/power-cut.ts';

// Seeded samples; `npm run soak` does each at length, with other seeds.

test('an engine killed in the middle of work loses nothing and leaves nothing half-done', async () => {
  expect((await killEngine({ seed: 20261121, rounds: 4 })).problems).toEqual([]);
});

test('requests that were changed at random get proper answers', async () => {
  const { problems, counts } = await fuzzApi({ seed: 20261121, rounds: 150 });
  expect(problems).toEqual([]);
  expect(counts['2xx']).toBeGreaterThan(30);
  expect(counts['4xx']).toBeGreaterThan(30);
});

test('containers that come and go leave nothing on the host, nor in the engine', async () => {
  expect((await manyContainers({ seed: 1, rounds: 10 })).problems).toEqual([]);
});

test('an engine killed while images come and go lists none that is not whole, and keeps no bytes that nothing frees', async () => {
  expect((await killImages({ seed: 20261121, rounds: 4 })).problems).toEqual([]);
});

test('an engine killed in the middle of builds comes to the same image the next time, and leaves nothing', async () => {
  expect((await killBuilds({ seed: 20261121, rounds: 3 })).problems).toEqual([]);
});

test('after a power cut no image is listed that is not whole', async () => {
  const { problems, counts } = await cutPower({ seed: 3, rounds: 3 });
  expect(problems).toEqual([]);
  expect(counts).toMatchObject({ cuts: 3, listedButBroken: 0 });
  expect(counts['filesCompared']).toBeGreaterThan(500);
});

test('a disk that fills up in the middle of work stops the work and nothing else', async () => {
  expect((await fillDisk({ seed: 20261121, rounds: 3 })).problems).toEqual([]);
});

test('damage of a store is found, repaired or told, and healed by the same images', async () => {
  const { problems, counts } = await corruptImages({ seed: 20261121, rounds: 5 });
  expect(problems).toEqual([]);
  expect(counts).toMatchObject({ healed: 5 });
  expect(counts['found']).toBeGreaterThan(2);
});
