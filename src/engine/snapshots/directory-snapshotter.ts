import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { removeTree } from '#lib/files/remove-tree.ts';
import { treeUsage } from '#lib/files/tree-usage.ts';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import { syncDirectory } from '#lib/files/write-atomic.ts';
import type { Database } from '#lib/sqlite.ts';
import type { Mount } from '#linux/mount.ts';
import { syncFileSystem } from '#linux/sync-file-system.ts';
import { listChanges } from './list-changes.ts';
import { createOverlay } from './overlay.ts';
import { createSnapshotRecords, type DirectoryRecord, type SnapshotRecords } from './records.ts';
import type { Change, SnapshotName, SnapshotRecord, Snapshotter } from './snapshotter.ts';
import { openSnapshotFolders, type SnapshotFolders } from './snapshot-folders.ts';
import { openStack, type Stack } from './stack.ts';
import { packTree } from './tree/pack-tree.ts';
import { copyRoot, unpackLayer } from './unpack-layer.ts';

const TREE = 'fs';
const WORK = 'work';

/**
 * A folder per snapshot, stacked by overlayfs: `<root>/<short name>/{fs,work}`. What is on its way lies in `.new`, what is being removed
 * in `.trash`; both are emptied at the start, as is every record without a folder and every folder without a record.
 */
export async function openDirectorySnapshotter({
  database,
  root,
}: {
  database: Database;
  root: string;
}): Promise<Snapshotter> {
  const records = createSnapshotRecords(database);
  const folders = await openSnapshotFolders(root, records);
  const overlay = createOverlay(root);
  const locks = createKeyedLock();
  const context: Context = { root, records, folders };

  const mounts = (name: SnapshotName): Mount[] => {
    const [own, ...parents] = chainOf(records, name);
    const lower = parents.map(treeOf);
    if (own.kind === 'active')
      return overlay.mounts({ upper: { tree: treeOf(own), work: `${own.directory}/${WORK}` }, lower });
    return overlay.mounts({ upper: undefined, lower: own.kind === 'view' ? lower : [treeOf(own), ...lower] });
  };

  return {
    driver: 'overlay2',
    stat: async (name) => publicRecord(records.get(name)),
    list: async () => records.list().map(publicRecord),

    async unpack(layer, tar, options) {
      using _ = await locks.acquire(layer.name);
      const existing = records.find(layer.name);
      if (existing?.kind === 'committed') return publicRecord(existing);
      if (existing !== undefined) throw new ConflictError(`snapshot ${layer.name} exists already`);
      return await unpack(context, layer, (folder, below) => unpackLayer({ folder, below }, tar, options));
    },

    async prepare(name, parent) {
      await addTop(context, { name, parent, kind: 'active' });
      return mounts(name);
    },
    async view(name, parent) {
      await addTop(context, { name, parent, kind: 'view' });
      return mounts(name);
    },
    mounts: async (name) => mounts(name),

    commit: async (active, name) => commit(context, active, name),
    seal: async (name, diffId) => records.seal(name, diffId),
    rename: async (name, to) => records.rename(name, to),

    async remove(name) {
      const { directory } = records.get(name);
      records.remove(name);
      await folders.discard(directory);
    },

    usage: async (name) => treeUsage(join(root, treeOf(records.get(name)))),

    changes: (name) => changes(context, name),
    diff: (name) => diff(context, name),
  };
}

interface Context {
  root: string;
  records: SnapshotRecords;
  folders: SnapshotFolders;
}

function treeOf({ directory }: DirectoryRecord): string {
  return `${directory}/${TREE}`;
}

function publicRecord({ name, parent, kind, diffId, bytes }: DirectoryRecord): SnapshotRecord {
  return { name, parent, kind, diffId, bytes };
}

/** @throws {NotFoundError} */
function chainOf(records: SnapshotRecords, name: SnapshotName): [DirectoryRecord, ...DirectoryRecord[]] {
  const [own, ...parents] = records.chain(name);
  if (own === undefined) throw new NotFoundError(`no such snapshot: ${name}`);
  return [own, ...parents];
}

function openParents(root: string, parents: readonly DirectoryRecord[]): Stack | undefined {
  return parents.length === 0 ? undefined : openStack(parents.map((parent) => join(root, treeOf(parent))));
}

function requireParent(records: SnapshotRecords, parent: SnapshotName | undefined): DirectoryRecord[] {
  if (parent === undefined) return [];
  const chain = chainOf(records, parent);
  if (chain[0].kind !== 'committed') throw new InvalidArgumentError(`snapshot ${parent} is not committed`);
  return chain;
}

/** Makes the tree aside, then durable, then names it. */
async function unpack(
  { root, records, folders }: Context,
  { name, parent, diffId }: Parameters<Snapshotter['unpack']>[0],
  fill: (folder: string, below: Stack | undefined) => Promise<number>,
): Promise<SnapshotRecord> {
  const parents = requireParent(records, parent);
  using below = openParents(root, parents);
  await using fresh = await folders.create();
  await mkdir(join(fresh.path, TREE), { mode: 0o755 });
  const bytes = await fill(join(fresh.path, TREE), below);
  await syncFileSystem(root);
  const directory = await fresh.keep();
  await syncDirectory(root);
  await addRecord({ records, folders }, { name, kind: 'committed', directory, diffId, bytes }, parents[0]);
  return publicRecord(records.get(name));
}

async function commit({ root, records }: Context, active: SnapshotName, name: SnapshotName): Promise<SnapshotRecord> {
  const record = records.get(active);
  if (record.kind !== 'active') throw new ConflictError(`snapshot ${active} is not active`);
  if (records.find(name) !== undefined) throw new ConflictError(`snapshot ${name} exists already`);
  const { bytes } = await treeUsage(join(root, treeOf(record)));
  await removeTree(join(root, record.directory, WORK));
  await syncFileSystem(root);
  records.commit(active, { name, bytes });
  return publicRecord(records.get(name));
}

async function* changes({ root, records }: Context, name: SnapshotName): AsyncGenerator<Change> {
  const [own, ...parents] = chainOf(records, name);
  using tree = openRoot(join(root, treeOf(own)));
  using below = openParents(root, parents);
  yield* listChanges(tree, below);
}

async function* diff({ root, records }: Context, name: SnapshotName): AsyncGenerator<Uint8Array> {
  using tree = openRoot(join(root, treeOf(records.get(name))));
  yield* packTree(tree, '', { whiteouts: true });
}

async function addTop(
  { root, records, folders }: Context,
  { name, parent, kind }: { name: SnapshotName; parent: SnapshotName | undefined; kind: 'active' | 'view' },
): Promise<void> {
  if (records.find(name) !== undefined) throw new ConflictError(`snapshot ${name} exists already`);
  const parents = requireParent(records, parent);
  using below = openParents(root, parents);
  await using fresh = await folders.create();
  await mkdir(join(fresh.path, TREE), { mode: 0o755 });
  using tree = openRoot(join(fresh.path, TREE));
  copyRoot(tree, below);
  await mkdir(join(fresh.path, WORK), { mode: 0o700 });
  const directory = await fresh.keep();
  await addRecord({ records, folders }, { name, kind, directory, diffId: undefined, bytes: 0 }, parents[0]);
}

/** The parent may have got another name, or be gone, since it was looked up; its folder says which it is. */
async function addRecord(
  { records, folders }: Pick<Context, 'records' | 'folders'>,
  record: Omit<DirectoryRecord, 'parent'>,
  below: DirectoryRecord | undefined,
): Promise<void> {
  try {
    const parent = below === undefined ? undefined : records.nameOf(below.directory);
    if (below !== undefined && parent === undefined)
      throw new ConflictError(`snapshot ${below.name} was removed while ${record.name} was put on it`);
    records.add({ ...record, parent });
  } catch (error) {
    await folders.discard(record.directory);
    throw error;
  }
}
