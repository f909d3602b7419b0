import { createHash } from 'node:crypto';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { SnapshotName, SnapshotRecord, Snapshotter } from '#engine/snapshots/snapshotter.ts';
import { DataLossError, NotFoundError } from '#lib/errors.ts';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import type { Digest } from '#oci/digest.ts';
import { LAYER_LIMIT_BYTES } from './limits.ts';

/** Where layers are: as files, or, when a build made them, as folders. */
export interface LayerPlaces {
  layers: LayerStore;
  snapshots: Snapshotter;
}

/** A layer by its content, and by the snapshot that holds it with all below it. */
export interface PlacedLayer {
  diffId: Digest;
  name: SnapshotName;
}

const locks = createKeyedLock();

/** Bytes of a layer's tar, whether it is written or not; undefined for a layer that is not here. */
export async function layerBytes({ layers, snapshots }: LayerPlaces, layer: PlacedLayer): Promise<number | undefined> {
  const { diffId, name } = layer;
  if (layers.has(diffId)) return layers.find(diffId)?.tarBytes;
  const snapshot = await findSnapshot(snapshots, name);
  if (snapshot?.form !== 'directory' || snapshot.diffId !== diffId) return undefined;
  if (snapshot.tarBytes !== undefined) return snapshot.tarBytes;
  const sealed = await snapshots.hash(name);
  return sealed.diffId === diffId ? sealed.tarBytes : undefined;
}

/**
 * The tar of a layer, byte for byte: as it is stored, or made again from its folder, which is kept then.
 * @throws {DataLossError} if it is gone, or its folder gives other bytes
 */
export async function readLayer(
  { layers, snapshots }: LayerPlaces,
  { diffId, name }: PlacedLayer,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<AsyncIterable<Uint8Array>> {
  using _ = await locks.acquire(diffId);
  if (layers.has(diffId)) return layers.read(diffId);
  const snapshot = await findSnapshot(snapshots, name);
  if (snapshot?.form !== 'directory') throw gone(diffId);
  await using made = await layers.ingest(snapshots.diff(name), { limitBytes: LAYER_LIMIT_BYTES, signal });
  if (made.diffId !== diffId) throw gone(diffId);
  await made.commit();
  return layers.read(diffId);
}

/**
 * The tar of a layer, byte for byte, without keeping what is made for it.
 * @throws {DataLossError} also at its end, if its folder gives other bytes than it had
 */
export async function streamLayer(
  { layers, snapshots }: LayerPlaces,
  { diffId, name }: PlacedLayer,
): Promise<AsyncIterable<Uint8Array>> {
  if (layers.has(diffId)) return layers.read(diffId);
  const snapshot = await findSnapshot(snapshots, name);
  if (snapshot?.form !== 'directory') throw gone(diffId);
  return verified(snapshots.diff(name), diffId);
}

async function* verified(tar: AsyncIterable<Uint8Array>, diffId: Digest): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of tar) {
    hash.update(chunk);
    yield chunk;
  }
  if (`sha256:${hash.digest('hex')}` !== diffId) throw gone(diffId);
}

function gone(diffId: Digest): DataLossError {
  return new DataLossError(`layer ${diffId} is gone`, { hint: 'pull, load or build its image again' });
}

/** A snapshot, if there is one of that name. */
export async function findSnapshot(snapshots: Snapshotter, name: SnapshotName): Promise<SnapshotRecord | undefined> {
  try {
    return await snapshots.stat(name);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
