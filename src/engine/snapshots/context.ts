import { join } from 'node:path';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { LayerNeeds } from '#lib/erofs/layer-tree.ts';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { KeyedLock } from '#lib/keyed-lock.ts';
import type { Digest } from '#oci/digest.ts';
import type { LayerMounts } from './layer-mounts.ts';
import { ABOVE, BELOW } from './needs-folders.ts';
import type { SnapshotRecords, StoredSnapshot } from './records.ts';
import type { TreeSettler } from './settle-trees.ts';
import type { SnapshotFolders } from './snapshot-folders.ts';
import type { SnapshotName, SnapshotRecord } from './snapshotter.ts';
import { openStack, type Stack, type StackTree } from './stack.ts';
import type { TreeHashers } from './tree/tree-hashers.ts';

/** What the verbs of snapshots work on. */
export interface Context {
  /** Folder of the snapshots' folders. */
  root: string;
  records: SnapshotRecords;
  folders: SnapshotFolders;
  layers: LayerStore;
  mounts: LayerMounts;
  /** Whether layers are unpacked into folders, because they cannot be mounted here. */
  unpacks: boolean;
  /** Names this boot and mount; see `engine/layers/witness.ts`. */
  witness: string;
  settler: TreeSettler;
  hashers: TreeHashers;
  /** Chains are unpacked one after the other: they share layers. */
  unpacking: KeyedLock;
}

/** Tree of a snapshot that is a folder, and beside it what overlayfs works in. */
const TREE = 'fs';
const WORK = 'work';

export function treeOf({ root }: Pick<Context, 'root'>, { directory }: Pick<StoredSnapshot, 'directory'>): string {
  return join(root, directory, TREE);
}

export function workOf({ root }: Pick<Context, 'root'>, { directory }: Pick<StoredSnapshot, 'directory'>): string {
  return join(root, directory, WORK);
}

/** Names of the folders in a snapshot's own. */
export const PARTS = { tree: TREE, work: WORK } as const;

/** The trees that a snapshot adds to those below, uppermost first. Those of layers have to be mounted. */
export function ownTrees(context: Context, record: StoredSnapshot): StackTree[] {
  if (record.form === 'directory') return [{ path: treeOf(context, record), hasRoot: true }];
  const diffId = layerOf(record);
  const { hasRoot, implicit, links, clearsRoot } = needsOf(context, diffId);
  const beside = (name: string): StackTree => ({ path: join(context.root, record.directory, name), hasRoot: false });
  const isAlone = record.parent === undefined;
  return [
    ...(!isAlone && (implicit.length > 0 || links.length > 0) ? [beside(ABOVE)] : []),
    { path: context.mounts.pathOf(diffId), hasRoot },
    ...(!isAlone && clearsRoot ? [beside(BELOW)] : []),
  ];
}

/** @throws {NotFoundError} */
export function needsOf({ layers }: Pick<Context, 'layers'>, diffId: Digest): LayerNeeds {
  const layer = layers.find(diffId);
  if (layer === undefined) throw missingLayer(diffId);
  return layer.needs;
}

export function missingLayer(diffId: Digest): NotFoundError {
  return new NotFoundError(`layer ${diffId} is not in the store`, {
    hint: 'load, pull or build the image that it belongs to again',
  });
}

/** @throws {ConflictError} for one that is no layer's */
export function layerOf({ name, diffId }: StoredSnapshot): Digest {
  if (diffId === undefined) throw new ConflictError(`snapshot ${name} has no layer`);
  return diffId;
}

/** A snapshot and those it builds on, uppermost first. @throws {NotFoundError} */
export function chainOf(
  { records }: Pick<Context, 'records'>,
  name: SnapshotName,
): [StoredSnapshot, ...StoredSnapshot[]] {
  const [own, ...parents] = records.chain(name);
  if (own === undefined) throw new NotFoundError(`no such snapshot: ${name}`);
  return [own, ...parents];
}

/** Those that a new snapshot will build on, uppermost first. @throws {NotFoundError}; {InvalidArgumentError} if it is not committed */
export function parentsFor(context: Pick<Context, 'records'>, parent: SnapshotName | undefined): StoredSnapshot[] {
  if (parent === undefined) return [];
  const chain = chainOf(context, parent);
  if (chain[0].kind !== 'committed') throw new InvalidArgumentError(`snapshot ${parent} is not committed`);
  return chain;
}

/** The layers among snapshots. */
export function layersOf(snapshots: readonly StoredSnapshot[]): Digest[] {
  return snapshots.filter(({ form }) => form === 'layer').map(layerOf);
}

/** Mounts the layers of some snapshots and keeps them mounted until disposed. */
export function holdLayers({ mounts }: Pick<Context, 'mounts'>, snapshots: readonly StoredSnapshot[]): Disposable {
  return mounts.hold(layersOf(snapshots));
}

/** What snapshots show together, uppermost first; undefined of none. Their layers have to be held. */
export function openParents(context: Context, parents: readonly StoredSnapshot[]): Stack | undefined {
  return parents.length === 0 ? undefined : openStack(parents.flatMap((parent) => ownTrees(context, parent)));
}

export function publicRecord(record: StoredSnapshot): SnapshotRecord {
  const { name, parent, kind, diffId, tarBytes, bytes, form } = record;
  return { name, parent, kind, diffId, tarBytes, bytes, form };
}

/**
 * Records a snapshot whose folder is in place.
 * @param below what it was put on: it may have got another name, or be gone, since it was looked up; its folder says which it is
 */
export async function addRecord(
  { records, folders }: Pick<Context, 'records' | 'folders'>,
  record: Omit<StoredSnapshot, 'parent'>,
  below: StoredSnapshot | undefined,
): Promise<SnapshotRecord> {
  try {
    const parent = below === undefined ? undefined : records.nameOf(below.directory);
    if (below !== undefined && parent === undefined)
      throw new ConflictError(`snapshot ${below.name} was removed while ${record.name} was put on it`);
    records.add({ ...record, parent });
    return publicRecord(records.get(record.name));
  } catch (error) {
    await folders.discard(record.directory);
    throw error;
  }
}
