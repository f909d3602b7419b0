import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import { compare, unpack } from './test-compare.ts';
import { imageOf, tarOf } from './test-image.ts';
import { entryOf, numbers } from './test-random.ts';

test('layers made by chance are the same mounted and unpacked, or refused both ways', async () => {
  const row = numbers(1);
  const next = (below: number): number => row.next().value % below;
  let [equal, refused] = [0, 0];
  for (let round = 0; round < 400; round++) {
    const tar = tarOf(...Array.from({ length: 2 + next(9) }, () => entryOf(next)));
    let links = 0;
    try {
      links = imageOf(tar).facts.needs.links.length;
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidArgumentError);
      using folder = mkdtempDisposableSync(join(tmpdir(), 'refused-'));
      await expect(unpack(folder.path, tar), `round ${round}`).rejects.toThrow(InvalidArgumentError);
      refused += 1;
      continue;
    }
    // A link to a file that only layers below could have: there are none.
    if (links > 0) continue;
    await compare(tar).catch((error: unknown) => {
      throw new Error(`round ${round}`, { cause: error });
    });
    equal += 1;
  }
  expect(equal).toBeGreaterThan(60);
  expect(refused).toBeGreaterThan(60);
}, 120_000);
