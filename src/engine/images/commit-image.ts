import type { SnapshotName } from '#engine/snapshots/snapshotter.ts';
import { ConflictError, NotFoundError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Digest } from '#oci/digest.ts';
import type { HistoryEntry, ImageConfig } from '#oci/image-config.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import { addImage } from './add-image.ts';
import type { ImagesContext } from './context.ts';
import type { Image } from './image.ts';
import { readImage } from './read-image.ts';
import { LAYER_LIMIT_BYTES } from './limits.ts';
import { sealLayer } from './seal-layer.ts';
import { manifestOf, plainLayers } from './store-source.ts';

/** A committed snapshot, an active one, of a container, which is copied as it is now, or a tar. */
export type LayerOrigin = SnapshotName | { tar: AsyncIterable<Uint8Array> };

/** What a build or a commit of a container makes an image of. */
export interface CommitRequest {
  /** Image whose layers lie below; none for one from scratch. */
  parent: Digest | undefined;
  /** Over the parent's top, lowest first. */
  layers: readonly LayerOrigin[];
  /** The whole config, but for layers and history. */
  config: Omit<ImageConfig, 'rootfs' | 'history'>;
  /** Steps after the parent's: as many without `empty_layer` as there are layers. */
  history: readonly HistoryEntry[];
  tags?: readonly string[];
  signal?: AbortSignal | undefined;
}

export interface CommittedImage {
  image: Image;
  /** For each layer asked for: the snapshot's name now, and its diffId. */
  layers: { name: SnapshotName; diffId: Digest }[];
}

/**
 * Makes an image of committed snapshots: each gets its diffId, and takes the name of its chain.
 * Equal layers and an equal config give an equal id.
 * @throws {NotFoundError} if the parent or a snapshot is not there
 */
export async function commitImage(context: ImagesContext, request: CommitRequest): Promise<CommittedImage> {
  using _ = context.garbage.lease();
  const { content } = context;
  const parent = request.parent === undefined ? undefined : await parentOf(context, request.parent);
  const diffIds = [...(parent?.config.rootfs.diff_ids ?? [])];
  const layers: CommittedImage['layers'] = [];
  for (const from of request.layers) {
    const layer = await takeLayer(context, { from, below: diffIds }, request);
    diffIds.push(layer.diffId);
    layers.push(layer);
  }
  const config = Buffer.from(
    JSON.stringify({
      ...request.config,
      rootfs: { type: 'layers', diff_ids: diffIds },
      history: [...(parent?.config.history ?? []), ...request.history],
    } satisfies ImageConfig),
  );
  const descriptors = await plainLayers(context, diffIds);
  const made = manifestOf({
    config: { mediaType: MEDIA_TYPES.ociConfig, digest: sha256(config), size: config.length },
    layers: descriptors,
  });
  await content.write(sha256(config), once(config), { limitBytes: config.length });
  await content.write(made.descriptor.digest, once(made.bytes), { limitBytes: made.bytes.length });
  const options = { tags: request.tags ?? [] };
  const image = await addImage(context, { root: made.descriptor, manifest: made.descriptor }, options);
  return { image, layers };
}

async function parentOf(context: ImagesContext, id: Digest): Promise<Image> {
  const record = context.records.find(id);
  if (record === undefined) throw new NotFoundError(`No such image: ${id}`);
  return readImage(context, record);
}

async function takeLayer(
  context: ImagesContext,
  { from, below }: { from: LayerOrigin; below: readonly Digest[] },
  { signal }: { signal?: AbortSignal | undefined },
): Promise<CommittedImage['layers'][number]> {
  const { snapshots } = context;
  if (typeof from !== 'string') return addLayer(context, { tar: from.tar, below }, { signal });
  const { kind } = await snapshots.stat(from);
  if (kind === 'active') return addLayer(context, { tar: snapshots.diff(from), below }, { signal });
  const diffId = await sealLayer(snapshots, from);
  const name = chainIds([...below, diffId]).at(-1) ?? diffId;
  return { diffId, name: await takeName(context, from, name) };
}

/** Makes a layer of a tar; what it was made of, an active snapshot perhaps, goes on as it is. */
async function addLayer(
  { layers, snapshots }: ImagesContext,
  { tar, below }: { tar: AsyncIterable<Uint8Array>; below: readonly Digest[] },
  { signal }: { signal: AbortSignal | undefined },
): Promise<CommittedImage['layers'][number]> {
  await using ingested = await layers.ingest(tar, { limitBytes: LAYER_LIMIT_BYTES, signal });
  const { diffId } = ingested;
  const chain = chainIds([...below, diffId]);
  const name = chain.at(-1) ?? diffId;
  await ingested.commit();
  await snapshots.stack({ name, parent: chain.at(-2), diffId });
  return { diffId, name };
}

/** @returns the name under which the image finds the layer */
async function takeName({ snapshots }: ImagesContext, from: SnapshotName, chain: SnapshotName): Promise<SnapshotName> {
  if (from === chain) return chain;
  try {
    await snapshots.rename(from, chain);
  } catch (error) {
    // The same layer is there already, from an earlier build or a load; this one serves whoever built on it until it goes.
    if (!(error instanceof ConflictError)) throw error;
    await snapshots.remove(from).catch((busy: unknown) => {
      if (!(busy instanceof ConflictError)) throw busy;
    });
  }
  return chain;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
