import { lstatSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BerthError } from '#lib/errors.ts';
import { look, type Seen } from '#lib/erofs/test-compare.ts';
import { type Entry, tarOf } from '#lib/erofs/test-image.ts';
import { entryOf, numbers } from '#lib/erofs/test-random.ts';
import { stackTar, viewed } from './conformance.ts';
import { openTestSnapshots, type TestSnapshots } from './test-snapshots.ts';

const ROUNDS = 150;

/** What three layers on each other show, or why they are refused. The numbers of links of folders are overlayfs' own matter. */
async function shown(
  rig: TestSnapshots,
  round: number,
  layers: readonly Buffer[],
): Promise<Map<string, Seen> | string> {
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
  const seen = await viewed(rig.snapshots, parent ?? '', (path) => {
    const root = lstatSync(path, { bigint: true });
    const found = look(path);
    const owner = `${root.uid}:${root.gid} ${root.mtimeNs}`;
    return found.set('', { ...(found.values().next().value as Seen), mode: root.mode.toString(8), owner });
  });
  for (const each of seen.values()) if (each.mode.startsWith('4')) each.links = 0n;
  seen.delete('');
  return seen;
}

test('stacks made by chance show the same mounted and unpacked', async () => {
  await using mounted = await openTestSnapshots({ form: 'buffered' });
  await using unpacked = await openTestSnapshots({ form: 'directory' });
  const row = numbers(7);
  const next = (below: number): number => row.next().value % below;
  let equal = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const layers = Array.from({ length: 3 }, (_, index): Entry[] =>
      Array.from({ length: 2 + next(6) }, () => entryOf(next)).filter(
        ({ name }) => index > 0 || !name.includes('.wh.'),
      ),
    );
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
