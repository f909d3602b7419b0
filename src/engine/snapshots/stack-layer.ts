import { mkdir } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LayerRecord } from '#engine/layers/layer-store.ts';
import { ConflictError, InvalidArgumentError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { syncDirectory } from '#lib/files/write-atomic.ts';
import type { Log } from '#lib/log.ts';
import { syncFileSystem } from '#linux/sync-file-system.ts';
import type { Digest } from '#oci/digest.ts';
import {
  addRecord,
  chainOf,
  type Context,
  layerOf,
  layersOf,
  missingLayer,
  needsOf,
  openParents,
  PARTS,
  parentsFor,
} from './context.ts';
import { isSelfContained, writeNeeds } from './needs-folders.ts';
import { NO_FOLDER, type StoredSnapshot } from './records.ts';
import type { SnapshotName, SnapshotRecord } from './snapshotter.ts';
import type { Stack } from './stack.ts';
import { unpackLayer } from './unpack-layer.ts';

interface Stacking {
  name: SnapshotName;
  parent: SnapshotName | undefined;
  diffId: Digest;
}

/** @see Snapshotter.stack; whether the name is taken was asked before */
export async function stackLayer(
  context: Context,
  { name, parent, diffId }: Stacking,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<SnapshotRecord> {
  const layer = context.layers.find(diffId);
  if (layer === undefined || !context.layers.has(diffId)) throw missingLayer(diffId);
  await unpackWhereNeeded(context, parent);
  const parents = parentsFor(context, parent);
  const record = { name, kind: 'committed', diffId, tarBytes: layer.tarBytes, bytes: layer.contentBytes } as const;
  if (context.unpacks) {
    const directory = await unpackOver(context, { diffId, parents, signal });
    return addRecord(context, { ...record, form: 'directory', directory }, parents[0]);
  }
  const directory = await foldersFor(context, layer, parents);
  return addRecord(context, { ...record, form: 'layer', directory }, parents[0]);
}

/** @returns the name of the folder with what the layer needs of those below */
async function foldersFor(
  context: Context,
  { diffId, needs }: LayerRecord,
  parents: readonly StoredSnapshot[],
): Promise<string> {
  const [link] = needs.links;
  if (parents.length === 0 && link !== undefined)
    throw new InvalidArgumentError(`${link.path}: is a link to ${link.target}, which is not a file of the archive`);
  if (parents.length === 0 || isSelfContained(needs)) return NO_FOLDER + randomBytes(6).toString('hex');
  return writeFolders(context, { diffId, needs, parents });
}

async function writeFolders(
  context: Context,
  { diffId, needs, parents }: Pick<LayerRecord, 'diffId' | 'needs'> & { parents: readonly StoredSnapshot[] },
  name?: string,
): Promise<string> {
  using _ = context.mounts.hold([diffId, ...layersOf(parents)]);
  using own = openRoot(context.mounts.pathOf(diffId), { links: 'refuse' });
  using below = openParents(context, parents);
  await using fresh = await context.folders.create();
  await writeNeeds(fresh.path, { needs, own, below: below as Stack });
  const directory = await fresh.keep(name);
  await syncDirectory(context.root);
  return directory;
}

/** Folders beside mounted layers hold nothing that the layers do not: those that were lost are written again. */
export async function restoreFolders(context: Context, log: Log): Promise<void> {
  if (context.unpacks) return;
  for (const { name, form, directory } of context.records.list()) {
    if (form === 'directory' || directory.startsWith(NO_FOLDER) || existsSync(join(context.root, directory))) continue;
    const [own, ...parents] = chainOf(context, name);
    try {
      const diffId = layerOf(own);
      await writeFolders(context, { diffId, needs: needsOf(context, diffId), parents }, directory);
    } catch (error) {
      log.warn('the folder of a layer is lost and could not be made again', { snapshot: name, error: String(error) });
    }
  }
}

/** Where layers cannot be mounted: the tree as a folder, made aside, then durable, then named. */
async function unpackOver(
  context: Context,
  { diffId, parents, signal }: { diffId: Digest; parents: readonly StoredSnapshot[]; signal?: AbortSignal | undefined },
): Promise<string> {
  using below = openParents(context, parents);
  await using fresh = await context.folders.create();
  const folder = join(fresh.path, PARTS.tree);
  await mkdir(folder, { mode: 0o755 });
  await unpackLayer({ folder, below }, context.layers.read(diffId), { signal });
  await syncFileSystem(context.root);
  const directory = await fresh.keep();
  await syncDirectory(context.root);
  return directory;
}

/**
 * A data root can come to a host that cannot mount what an earlier one mounted: the layers below a name, and its own, are then unpacked the
 * first time they are needed.
 */
export async function unpackWhereNeeded(context: Context, name: SnapshotName | undefined): Promise<void> {
  if (!context.unpacks || name === undefined) return;
  if (chainOf(context, name).every(({ form }) => form === 'directory')) return;
  using _ = await context.unpacking.acquire('chain');
  const chain = chainOf(context, name).toReversed();
  for (const [depth, record] of chain.entries()) {
    if (record.form === 'directory') continue;
    const parents = chain.slice(0, depth).map((below) => context.records.get(below.name));
    const directory = await unpackOver(context, { diffId: layerOf(record), parents: parents.toReversed() });
    const now = context.records.find(record.name);
    if (now?.directory !== record.directory) {
      await context.folders.discard(directory);
      throw new ConflictError(`snapshot ${record.name} was changed while it was unpacked`, { hint: 'try again' });
    }
    context.records.unpacked(record.name, directory);
    await context.folders.discard(record.directory);
  }
}
