import type { ContentStore } from '#engine/content/store.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { SnapshotName, SnapshotRecord, Snapshotter } from '#engine/snapshots/snapshotter.ts';
import { ConflictError, NotFoundError } from '#lib/errors.ts';
import type { Log } from '#lib/log.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { type Digest, isDigest } from '#oci/digest.ts';
import { isIndex, parseManifestOrIndex } from '#oci/manifest.ts';
import { parseImageConfig, readDocument } from './read-document.ts';
import { isAttestation } from './local-index.ts';
import type { ImageRecords } from './records.ts';

/** Names of snapshots that something beside the images needs, such as the steps of builds. */
export type Keep = () => Promise<Iterable<SnapshotName>>;

/** Layers and blobs that no image needs any more. */
export interface Garbage {
  /** While any lease is held nothing is removed; the last one's end removes what was left. */
  lease(): Disposable;
  /** Names more snapshots to keep. */
  keep(source: Keep): void;
  /** Removes what no image needs. @returns the snapshots removed and the bytes that come back; nothing while a lease is held */
  collect(): Promise<Collected>;
}

export interface Collected {
  removed: SnapshotName[];
  bytes: number;
}

export interface GarbageDeps {
  records: ImageRecords;
  content: ContentStore;
  layers: LayerStore;
  snapshots: Snapshotter;
  log: Log;
}

export function createGarbage(deps: GarbageDeps): Garbage {
  const sources: Keep[] = [];
  let leases = 0;
  /** Counts leases: what was found unused before one may be used after it. */
  let generation = 0;
  let isWaiting = false;
  let running: Promise<unknown> = Promise.resolve();

  const sweepAll = async (): Promise<Collected> => {
    const collected: Collected = { removed: [], bytes: 0 };
    for (;;) {
      isWaiting = leases > 0;
      if (isWaiting) return collected;
      const mine = generation;
      if (await sweep(deps, { sources, isStale: () => generation !== mine }, collected)) return collected;
    }
  };
  const collect = async (): Promise<Collected> => {
    const result = running.then(sweepAll, sweepAll);
    running = result;
    return result;
  };
  const release = (): void => {
    leases -= 1;
    if (leases > 0 || !isWaiting) return;
    collect().catch((error: unknown) => deps.log.warn('removing unused layers failed', { error: String(error) }));
  };
  return {
    collect,
    keep: (source) => void sources.push(source),
    lease() {
      leases += 1;
      generation += 1;
      let isHeld = true;
      return {
        [Symbol.dispose]() {
          if (isHeld) release();
          isHeld = false;
        },
      };
    },
  };
}

/** @returns whether it came to the end; it stops as soon as what it found may not hold any more */
async function sweep(
  { records, content, layers, snapshots, log }: GarbageDeps,
  { sources, isStale }: { sources: readonly Keep[]; isStale: () => boolean },
  collected: Collected,
): Promise<boolean> {
  const live = await mark({ records, content, log });
  for (const source of sources) for (const name of await source()) live.snapshots.add(name);
  for (const record of unused(await snapshots.list(), live.snapshots)) {
    if (isStale()) return false;
    if (!(await removeSnapshot(snapshots, record.name))) continue;
    collected.removed.push(record.name);
    if (record.form === 'directory') collected.bytes += record.bytes;
  }
  // A layer stays as long as a snapshot of it.
  for (const { diffId } of await snapshots.list()) if (diffId !== undefined) live.layers.add(diffId);
  for (const { diffId, state } of layers.list()) {
    if (isStale()) return false;
    if (live.layers.has(diffId) || state === 'donor') continue;
    // One that others have content in stays as their donor; the last of those takes its donors along.
    const before = bytesOf(layers);
    await layers.remove(diffId);
    collected.bytes += before - bytesOf(layers);
  }
  for (const { digest } of await content.list()) {
    if (isStale()) return false;
    if (!live.blobs.has(digest)) await content.remove(digest);
  }
  return !isStale();
}

function bytesOf(layers: LayerStore): number {
  return layers.list().reduce((sum, { diskBytes }) => sum + diskBytes, 0);
}

/** Committed layers that nothing builds on, children before parents. Only names of layers: others belong to who named them. */
function unused(all: readonly SnapshotRecord[], live: ReadonlySet<SnapshotName>): SnapshotRecord[] {
  const parents = new Map(all.map((record) => [record.name, record.parent]));
  const needed = new Set<SnapshotName>();
  const isRoot = ({ name, kind }: SnapshotRecord): boolean => live.has(name) || kind !== 'committed' || !isDigest(name);
  for (const record of all.filter(isRoot))
    for (let name: string | undefined = record.name; name !== undefined && !needed.has(name); name = parents.get(name))
      needed.add(name);
  const depth = (name: string | undefined): number => (name === undefined ? 0 : 1 + depth(parents.get(name)));
  return all.filter(({ name }) => !needed.has(name)).toSorted((a, b) => depth(b.name) - depth(a.name));
}

async function removeSnapshot(snapshots: Snapshotter, name: SnapshotName): Promise<boolean> {
  try {
    await snapshots.remove(name);
    return true;
  } catch (error) {
    // Something was built on it, or it went, since the list was made.
    if (error instanceof ConflictError || error instanceof NotFoundError) return false;
    throw error;
  }
}

interface Live {
  snapshots: Set<SnapshotName>;
  layers: Set<Digest>;
  /** Documents. */
  blobs: Set<Digest>;
}

async function mark({ records, content, log }: Pick<GarbageDeps, 'records' | 'content' | 'log'>): Promise<Live> {
  const live: Live = { snapshots: new Set(), layers: new Set(), blobs: new Set() };
  for (const { id, root, manifest } of records.list()) {
    live.blobs.add(id);
    live.blobs.add(manifest.digest);
    try {
      await markDocument(content, root, live);
      await markLayers(content, id, live);
    } catch (error) {
      log.warn('image is damaged', { image: id, error: String(error) });
    }
  }
  return live;
}

/** A root with its config and layers and, of an index, the children that are here. */
async function markDocument(content: ContentStore, root: Descriptor, live: Live): Promise<void> {
  live.blobs.add(root.digest);
  const document = parseManifestOrIndex(await readDocument(content, root.digest));
  if (isIndex(document)) {
    for (const child of document.manifests)
      if (await content.has(child.digest)) await markDocument(content, child, live);
    return;
  }
  live.blobs.add(document.config.digest);
  // What says something about an image has documents for layers.
  if (isAttestation(root)) for (const { digest } of document.layers) live.blobs.add(digest);
  else if (await content.has(document.config.digest)) await markLayers(content, document.config.digest, live);
}

async function markLayers(content: ContentStore, config: Digest, live: Live): Promise<void> {
  const { rootfs } = parseImageConfig(await readDocument(content, config));
  for (const diffId of rootfs.diff_ids) live.layers.add(diffId);
  for (const name of chainIds(rootfs.diff_ids)) live.snapshots.add(name);
}
