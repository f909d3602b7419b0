import { NotFoundError } from '#lib/errors.ts';
import type { SnapshotName } from '#engine/snapshots/snapshotter.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { Digest } from '#oci/digest.ts';
import type { BuilderContext } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import { isAlikeTree, linkFiles } from './equal-tree.ts';

type Stores = Pick<BuilderContext, 'layers' | 'snapshots'>;

/** Layers that earlier steps of any build left for a distribution. */
export interface KnownLayers {
  /** One that is the same as a snapshot under way, which shares the files of it from now on. Nobody may have the snapshot mounted. */
  equalTo(fresh: FreshLayer, title: string): Promise<Layer | undefined>;
}

/** A snapshot whose tree is complete. */
export interface FreshLayer {
  name: SnapshotName;
  tree: Root;
}

/** So many of a title are compared, those that were used last. */
const COMPARED = 3;

/** Looks into the table of steps when the first one is asked for. Nothing of it goes while something is built. */
export function knownLayers({ layers, snapshots }: Stores): KnownLayers {
  let places: Map<string, Place[]> | undefined;
  return {
    async equalTo({ name, tree }, title) {
      places ??= placesByTitle(layers.steps());
      let own: Promise<Digest> | undefined;
      const digest = async (): Promise<Digest> => (own ??= snapshots.hash(name).then(({ diffId }) => diffId));
      for (const place of (places.get(title) ?? []).slice(-COMPARED).toReversed()) {
        const found = await compare({ layers, snapshots }, { tree, digest }, place);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** A layer of a step: so many below its uppermost one. */
interface Place {
  top: string;
  below: number;
}

/** What stands behind the mark in titles of layers: the distribution's name and version. */
const MARK = ' # ';

function placesByTitle(steps: ReturnType<Stores['layers']['steps']>): Map<string, Place[]> {
  const places = new Map<string, Place[]>();
  for (const { snapshot, titles } of steps) {
    if (snapshot === undefined) continue;
    for (const [at, title] of titles.entries()) {
      const mark = title.lastIndexOf(MARK);
      if (mark < 0) continue;
      const name = title.slice(mark + MARK.length);
      places.set(name, [...(places.get(name) ?? []), { top: snapshot, below: titles.length - 1 - at }]);
    }
  }
  return places;
}

/** Files that are alike are read once, those of the tree: they are in memory, as they were written just now. */
async function compare(
  { layers, snapshots }: Stores,
  { tree, digest }: { tree: Root; digest: () => Promise<Digest> },
  { top, below }: Place,
): Promise<Layer | undefined> {
  try {
    let name = top;
    for (let left = below; left > 0; left--) name = (await snapshots.stat(name)).parent ?? '';
    const { form, diffId } = await snapshots.stat(name);
    if (form !== 'directory' || diffId === undefined) return undefined;
    const layer = layers.ofImage(name, diffId); // follows it to another name
    using other = openRoot(snapshots.paths(name).tree, { links: 'refuse' });
    if (!(await isAlikeTree(tree, other)) || (await digest()) !== diffId) return undefined;
    await linkFiles(tree, other);
    return layer;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined; // it was pruned, or has another name now
    throw error;
  }
}
