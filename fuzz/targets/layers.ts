import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTestSnapshots, type TestSnapshots } from '#engine/snapshots/test-snapshots.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import { sha256 } from '#lib/sha256.ts';
import { corpusTar, layerTar, sharedTar } from '../archives.ts';
import { defectOfError } from '../defect.ts';
import { mutateTar } from '../mutate.ts';
import type { Checked, FuzzTarget } from '../target.ts';
import { treeOf } from '../tree-of.ts';

/** Larger inputs stand on a layer that may have some of their files. */
const SHARED_BYTES = 30_000;
const BASE = 'base';
const TOP = 'top';

/**
 * The layer store and the trees of its layers: what is taken in comes out byte for byte, and shows the same tree mounted as unpacked, alone and
 * over another layer; what is refused leaves nothing.
 */
export const layersTarget: FuzzTarget = {
  name: 'layers',
  rounds: 5000,
  async open() {
    await using stack = new AsyncDisposableStack();
    const outside = '/tmp/outside';
    const place = stack.use(await mkdtempDisposable(join(tmpdir(), 'fuzz-layers-')));
    const mounted = stack.use(await openTestSnapshots({ folder: join(place.path, 'mounted') }));
    const unpacked = stack.use(await openTestSnapshots({ folder: join(place.path, 'unpacked'), form: 'directory' }));
    const held = stack.move();
    return {
      make(random) {
        const kind = random();
        const whole = kind < 0.3 ? corpusTar(random, outside) : kind < 0.8 ? layerTar(random, outside) : sharedTar(random); // prettier-ignore
        return random() < 0.5 ? mutateTar(random, whole) : whole;
      },
      async check(input, random) {
        const base = input.length > SHARED_BYTES ? sharedTar(random) : layerTar(random, outside);
        const [one, other] = [await take(mounted, { base, input }), await take(unpacked, { base, input })];
        const isTaken = one.tree !== undefined;
        const differs =
          isTaken === (other.tree !== undefined) ? firstDifference(one.tree ?? [], other.tree ?? []) : `mounted: ${one.said ?? 'taken'}; unpacked: ${other.said ?? 'taken'}`; // prettier-ignore
        return { isTaken, defect: one.defect ?? other.defect ?? differs };
      },
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  },
};

interface Taken extends Omit<Checked, 'isTaken'> {
  tree?: string[];
  said?: string;
}

async function take(rig: TestSnapshots, { base, input }: { base: Buffer; input: Buffer }): Promise<Taken> {
  const { layers, snapshots } = rig;
  const stacked: string[] = [];
  const put = async (tar: Buffer, name: string): Promise<void> => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield tar;
    }
    await using ingested = await layers.ingest(source(), { limitBytes: 2 ** 40 });
    if (ingested.diffId !== sha256(tar)) throw new TypeError(`diffId ${ingested.diffId} is not of its bytes`);
    await ingested.commit();
    await snapshots.stack({ name, parent: stacked.at(-1), diffId: ingested.diffId });
    stacked.push(name);
    const back = Buffer.concat(await Array.fromAsync(layers.read(ingested.diffId)));
    if (!back.equals(tar)) throw new TypeError('the tar came out otherwise than it went in');
  };
  try {
    await put(base, BASE).catch(() => {}); // then the other one is the lowest
    await put(input, TOP);
    return { tree: await look(rig, TOP) };
  } catch (error) {
    return { said: (error as Error).message, defect: defectOfError(error) };
  } finally {
    for (const name of stacked.toReversed()) await snapshots.remove(name);
    for (const { diffId } of layers.list()) await layers.remove(diffId);
  }
}

async function look({ snapshots, folder }: TestSnapshots, name: string): Promise<string[]> {
  const view = 'view';
  await using place = await mkdtempDisposable(join(folder, 'look-'));
  const mounts = await snapshots.view(view, name);
  try {
    for (const mount of mounts) mountAt(place.path, mount);
    try {
      return treeOf(place.path);
    } finally {
      unmount(place.path);
    }
  } finally {
    await snapshots.remove(view);
  }
}

function firstDifference(mounted: readonly string[], unpacked: readonly string[]): string | undefined {
  const [left, right] = [onlyIn(mounted, unpacked), onlyIn(unpacked, mounted)];
  if (left.length + right.length === 0) return undefined;
  return `trees differ\n  mounted:  ${left.slice(0, 3).join('\n            ')}\n  unpacked: ${right.slice(0, 3).join('\n            ')}`;
}

function onlyIn(of: readonly string[], other: readonly string[]): string[] {
  const known = new Set(other);
  return of.filter((line) => !known.has(line));
}
