import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createExtractor } from '#engine/snapshots/tree/extractor.ts';
import { BerthError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { createTarParser } from '#lib/tar/parser.ts';
import { raceCopies } from '../../soak/race-copies.ts';
import { racingTar } from './racing-tar.ts';
import { startRacer } from './racer.ts';
import { openWatchedPlace } from './watched-place.ts';

const RACE_MS = 3000;

test('what is unpacked while a folder becomes a link outside stays inside', async () => {
  await using place = await openWatchedPlace();
  const tree = join(place.store, 'tree');
  await mkdir(tree);
  const tar = racingTar('raced');
  let written = 0;
  let refused = 0;
  {
    await using racer = await startRacer(join(tree, 'raced'), place.outside);
    const end = Date.now() + RACE_MS;
    while (Date.now() < end) {
      try {
        using root = openRoot(tree, { live: true });
        using extractor = createExtractor(root);
        const parser = createTarParser(extractor);
        parser.push(tar);
        parser.finish();
        extractor.finish();
        written += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(BerthError);
        refused += 1;
      }
    }
    expect(racer.swaps()).toBeGreaterThan(1000);
  }
  expect(written + refused).toBeGreaterThan(10);
  expect(await place.changes()).toEqual([]);
});

test('what is copied to and from a container while its folder becomes a link stays inside', async () => {
  const { problems, counts } = await raceCopies({ seed: 1, rounds: 60 });
  expect(problems).toEqual([]);
  expect(counts['swaps']).toBeGreaterThan(1000);
});
