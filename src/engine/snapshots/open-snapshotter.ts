import { mkdir } from 'node:fs/promises';
import { statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HashedTar, LayerStore, MountForm } from '#engine/layers/layer-store.ts';
import { witnessOf } from '#engine/layers/witness.ts';
import { ConflictError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { removeTree } from '#lib/files/remove-tree.ts';
import { treeUsage, type Usage } from '#lib/files/tree-usage.ts';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import type { Log } from '#lib/log.ts';
import type { Database } from '#lib/sqlite.ts';
import type { Mount } from '#linux/mount.ts';
import type { Digest } from '#oci/digest.ts';
import { chooseForm } from './choose-form.ts';
import {
  addRecord,
  chainOf,
  type Context,
  holdLayers,
  layerOf,
  openParents,
  ownTrees,
  PARTS,
  parentsFor,
  publicRecord,
  treeOf,
  workOf,
} from './context.ts';
import { openLayerMounts } from './layer-mounts.ts';
import { listChanges } from './list-changes.ts';
import { createOverlay, type Overlay } from './overlay.ts';
import { createSnapshotRecords, type StoredSnapshot } from './records.ts';
import type { Change, SnapshotName, SnapshotPaths, SnapshotRecord, Snapshotter } from './snapshotter.ts';
import { createTreeSettler } from './settle-trees.ts';
import { openSnapshotFolders } from './snapshot-folders.ts';
import { restoreFolders, stackLayer, unpackWhereNeeded } from './stack-layer.ts';
import { hashTree, type OverlayTree, tarOfTree } from './tree/hash-tree.ts';
import { openTreeHashers } from './tree/tree-hashers.ts';
import { copyRoot } from './unpack-layer.ts';

export interface SnapshotterOptions {
  database: Database;
  /** Folder of the snapshots; the layers are mounted in `layers/mnt` beside it. */
  root: string;
  layers: LayerStore;
  log: Log;
  /** The one form to mount layers in; the best that works here if absent. */
  form?: MountForm | undefined;
}

/**
 * Opens the snapshots, stacked by overlayfs. The tree of an image's layer is its file, mounted; that of a container or a build step is a folder,
 * `<root>/<short name>/{fs,work}`. What is on its way lies in `.new`, what is being removed in `.trash`; both are emptied at the start, as is
 * every record without a folder and every folder without a record. Disposing unmounts what no container stands on.
 * @throws {UnavailableError} if layers cannot be mounted in the form that was asked for
 */
export async function openSnapshotter({
  database,
  root,
  layers,
  log,
  form: wanted,
}: SnapshotterOptions): Promise<Snapshotter & AsyncDisposable> {
  const records = createSnapshotRecords(database);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const witness = witnessOf(root);
  const folders = await openSnapshotFolders(root, records, witness);
  const { form, status } = await chooseForm({ database, folders }, { wanted, log });
  const unpacks = form === 'directory';
  const mountRoot = join(dirname(root), 'layers', 'mnt');
  const mounts = openLayerMounts({
    layers,
    root: mountRoot,
    // Nothing is mounted where layers are unpacked.
    form: unpacks ? 'loop' : form,
    isUsed: (diffId) => !unpacks && records.usesLayer(diffId),
    log,
  });
  const settler = createTreeSettler({ root, records, log });
  const hashers = openTreeHashers();
  const unpacking = createKeyedLock();
  const context: Context = { root, records, folders, layers, mounts, unpacks, witness, settler, hashers, unpacking };
  for (const record of records.list()) if (record.witness !== undefined) settler.settle(record.directory);
  await restoreFolders(context, log);
  const overlay = createOverlay([root, mountRoot]);
  return {
    ...createVerbs(context, overlay),
    status,
    async [Symbol.asyncDispose]() {
      overlay[Symbol.dispose]();
      await Promise.all([settler[Symbol.asyncDispose](), hashers[Symbol.asyncDispose]()]);
      await mounts.close();
    },
  };
}

function createVerbs(context: Context, overlay: Overlay): Omit<Snapshotter, 'status'> {
  const { records, folders } = context;
  const locks = createKeyedLock();

  const mounts = async (name: SnapshotName): Promise<Mount[]> => {
    await unpackWhereNeeded(context, name);
    const [own, ...parents] = chainOf(context, name);
    using _ = holdLayers(context, [own, ...parents]);
    if (own.kind === 'active') {
      const upper = { tree: treeOf(context, own), work: workOf(context, own) };
      return overlay.mounts({ upper, lower: lowerTrees(context, parents) });
    }
    const lower = lowerTrees(context, [own, ...parents]);
    return overlay.mounts({ upper: undefined, lower: [...rootOf(context, [own, ...parents]), ...lower] });
  };

  return {
    driver: 'overlay2',
    stat: async (name) => publicRecord(records.get(name)),
    list: async () => records.list().map(publicRecord),

    async stack(layer, options) {
      using _ = await locks.acquire(layer.name);
      const existing = records.find(layer.name);
      if (existing?.kind === 'committed') return publicRecord(existing);
      if (existing !== undefined) throw new ConflictError(`snapshot ${layer.name} exists already`);
      return await stackLayer(context, layer, options);
    },

    async prepare(name, parent) {
      await addTop(context, { name, parent, kind: 'active' });
      return mounts(name);
    },
    async view(name, parent) {
      await addTop(context, { name, parent, kind: 'view' });
      return mounts(name);
    },
    mounts,
    paths: (name) => pathsOf(context, name),
    strayMounts: () => context.mounts.strays(),

    commit: async (active, name) => commit(context, active, name),
    seal: async (name, layer) => records.seal(name, layer),
    rename: async (name, to) => records.rename(name, to),

    async remove(name) {
      const record = records.get(name);
      records.remove(name);
      await folders.discard(record.directory);
      if (record.form === 'layer') context.mounts.release(layerOf(record));
      else context.mounts.releaseFormer();
    },

    usage: async (name) => usageOf(context, name),
    changes: (name) => changes(context, name),
    diff: (name) => diff(context, records.get(name)),
    hash: (name) => hash(context, records.get(name)),
  };
}

function pathsOf(context: Context, name: SnapshotName): SnapshotPaths {
  const [own, ...parents] = chainOf(context, name);
  const [tree, ...rest] = [own, ...parents].flatMap((record) => ownTrees(context, record)).map(({ path }) => path);
  return { tree: tree ?? '', work: own.kind === 'active' ? workOf(context, own) : undefined, lower: rest };
}

/**
 * The trees of a chain as overlayfs takes them: none of them twice. A layer that comes again hides all that it was before, so that only its
 * uppermost place counts.
 */
function lowerTrees(context: Context, chain: readonly StoredSnapshot[]): string[] {
  const seen = new Set<Digest>();
  const isFirst = (record: StoredSnapshot): boolean => {
    if (record.form === 'directory') return true;
    const diffId = layerOf(record);
    return !seen.has(diffId) && seen.add(diffId).size > 0;
  };
  return chain.filter(isFirst).flatMap((record) => ownTrees(context, record).map(({ path }) => path));
}

/** The root of a mount looks as that of its uppermost tree: where that one says nothing of it, an empty folder that does goes over it. */
function rootOf(context: Context, chain: readonly StoredSnapshot[]): string[] {
  const [own] = chain;
  if (own === undefined || ownTrees(context, own)[0]?.hasRoot === true) return [];
  using below = openParents(context, chain);
  return [context.folders.rootFolder(own.directory, (root) => copyRoot(root, below))];
}

async function commit(context: Context, active: SnapshotName, name: SnapshotName): Promise<SnapshotRecord> {
  const { records, settler, witness } = context;
  const record = records.get(active);
  if (record.kind !== 'active') throw new ConflictError(`snapshot ${active} is not active`);
  if (records.find(name) !== undefined) throw new ConflictError(`snapshot ${name} exists already`);
  const { bytes, inodes } = await treeUsage(treeOf(context, record));
  await removeTree(workOf(context, record));
  records.commit(active, { name, bytes, witness });
  settler.settle(record.directory, inodes);
  return publicRecord(records.get(name));
}

/** The kernel has counted the inodes of a layer. */
async function usageOf(context: Context, name: SnapshotName): Promise<Usage> {
  await unpackWhereNeeded(context, name);
  const record = context.records.get(name);
  if (record.form === 'directory') return treeUsage(treeOf(context, record));
  using _ = holdLayers(context, [record]);
  const { files, ffree } = statfsSync(context.mounts.pathOf(layerOf(record)), { bigint: true });
  return { bytes: record.bytes, inodes: Number(files - ffree) - 1 };
}

async function* changes(context: Context, name: SnapshotName): AsyncGenerator<Change> {
  await unpackWhereNeeded(context, name);
  const [own, ...parents] = chainOf(context, name);
  using _ = holdLayers(context, [own, ...parents]);
  using below = openParents(context, parents);
  using trees = new DisposableStack();
  const roots = ownTrees(context, own).map(({ path }) => trees.use(openRoot(path)));
  yield* listChanges(roots, below);
}

async function* diff(context: Context, record: StoredSnapshot): AsyncGenerator<Uint8Array> {
  const { diffId } = record;
  if (diffId !== undefined && (record.form === 'layer' || context.layers.has(diffId))) {
    yield* context.layers.read(diffId);
    return;
  }
  await unpackWhereNeeded(context, record.name);
  const parents = chainOf(context, record.name).slice(1);
  using _ = holdLayers(context, parents);
  yield* tarOfTree(overlayTree(context, record, parents));
}

/** A tar of less is hashed here: waking another thread costs more. */
const HASHED_HERE_BYTES = 1024 * 1024;

async function hash(context: Context, record: StoredSnapshot): Promise<HashedTar> {
  const stored = record.diffId === undefined ? undefined : context.layers.find(record.diffId);
  if (stored !== undefined && record.form === 'layer') return stored;
  await unpackWhereNeeded(context, record.name);
  const parents = chainOf(context, record.name).slice(1);
  using _ = holdLayers(context, parents);
  const tree = overlayTree(context, record, parents);
  // How much is in one that is under way nobody has counted.
  const isSmall = record.kind !== 'active' && record.bytes < HASHED_HERE_BYTES;
  return await (isSmall ? hashTree(tree) : context.hashers.hash(tree));
}

function overlayTree(context: Context, record: StoredSnapshot, parents: readonly StoredSnapshot[]): OverlayTree {
  return { path: treeOf(context, record), below: parents.flatMap((parent) => ownTrees(context, parent)) };
}

async function addTop(
  context: Context,
  { name, parent, kind }: { name: SnapshotName; parent: SnapshotName | undefined; kind: 'active' | 'view' },
): Promise<void> {
  if (context.records.find(name) !== undefined) throw new ConflictError(`snapshot ${name} exists already`);
  parentsFor(context, parent);
  await unpackWhereNeeded(context, parent);
  const parents = parentsFor(context, parent);
  using _ = holdLayers(context, parents);
  using below = openParents(context, parents);
  await using fresh = await context.folders.create();
  const folder = join(fresh.path, PARTS.tree);
  await mkdir(folder, { mode: 0o755 });
  using tree = openRoot(folder);
  copyRoot(tree, below);
  await mkdir(join(fresh.path, PARTS.work), { mode: 0o700 });
  const directory = await fresh.keep();
  const record = {
    name,
    kind,
    directory,
    diffId: undefined,
    tarBytes: undefined,
    bytes: 0,
    form: 'directory',
  } as const;
  await addRecord(context, record, parents[0]);
}
