import { lstatSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BerthError, InvalidArgumentError } from '#lib/errors.ts';
import { look, type Seen } from '#lib/erofs/test-compare.ts';
import { type Entry, imageOf, tarOf } from '#lib/erofs/test-image.ts';
import { entryOf, numbers } from '#lib/erofs/test-random.ts';
import { stackTar, viewed } from './conformance.ts';
import { openTestSnapshots, type TestSnapshots } from './test-snapshots.ts';

const ROUNDS = 120;

interface Shown {
  seen: Map<string, Seen>;
  root: { mode: bigint; uid: bigint; gid: bigint; mtimeNs: bigint };
}

/** What three layers on each other show, or why they are refused. The numbers of links of folders are overlayfs' own matter. */
async function shown(rig: TestSnapshots, round: number, layers: readonly Buffer[]): Promise<Shown | string> {
  let parent: string | undefined;
  for (const [index, tar] of layers.entries()) {
    const name = `${round}-${index}`;
    try {
      await stackTar(rig, { name, parent }, tar);
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      return `layer ${index} refused: ${error.code}`;
    }
    parent = name;
  }
  return viewed(rig.snapshots, parent ?? '', (path) => {
    const seen = look(path);
    for (const each of seen.values()) if (each.mode.startsWith('4')) each.links = 0n;
    const { mode, uid, gid, mtimeNs } = lstatSync(path, { bigint: true });
    return { seen, root: { mode, uid, gid, mtimeNs } };
  });
}

/** A layer that is not refused for what it is in itself. */
function layerOf(next: (below: number) => number): Entry[] {
  for (;;) {
    const entries = Array.from({ length: 2 + next(7) }, () => entryOf(next));
    try {
      imageOf(tarOf(...entries));
      return entries;
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidArgumentError);
    }
  }
}

test('stacks made by chance show the same mounted and unpacked', async () => {
  await using mounted = await openTestSnapshots({ form: 'buffered' });
  await using unpacked = await openTestSnapshots({ form: 'directory' });
  const row = numbers(7);
  const next = (below: number): number => row.next().value % below;
  let equal = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const layers = Array.from({ length: 3 }, () => layerOf(next));
    const tars = layers.map((entries) => tarOf(...entries));
    const [ours, theirs] = [await shown(mounted, round, tars), await shown(unpacked, round, tars)];
    const what = `round ${round}:\n${layers.map((entries) => entries.map(describe).join('\n')).join('\n--\n')}\n`;
    expect(ours, what).toEqual(theirs);
    if (typeof ours !== 'string') equal += 1;
  }
  expect(equal).toBeGreaterThan(30);
}, 300_000);

function describe({ name, kind, linkName, mode, uid, gid }: Entry): string {
  return `${kind} ${name}${linkName === undefined ? '' : ` -> ${linkName}`} ${mode?.toString(8)} ${uid}:${gid}`;
}
