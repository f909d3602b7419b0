import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { Snapshotter } from '#engine/snapshots/snapshotter.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import type { ContentSource } from '#oci/copy-graph.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import type { Platform } from '#oci/platform.ts';
import type { Archive } from './archive.ts';
import type { ArchiveLayer } from './archive-layer.ts';
import { checkDepth } from './check-depth.ts';
import { layerBytes } from './layer-bytes.ts';
import { parseImageConfig } from './read-document.ts';
import { manifestOf } from './store-source.ts';

/** An image that an archive holds: a graph to copy and the names it should get. */
export interface ArchiveImage {
  root: Descriptor;
  /** The manifest chosen, the root itself or its child. */
  manifest: Descriptor;
  source: ContentSource;
  /** As the archive writes them. */
  tags: readonly string[];
}

export interface ArchiveContext {
  archive: Archive;
  layers: LayerStore;
  snapshots: Snapshotter;
  platform: Platform | undefined;
}

/** An image of a config and layer files; its manifest is made here. */
export async function plainImage(
  context: ArchiveContext,
  { config, layers: paths, tags }: { config: Buffer; layers: readonly string[]; tags: readonly string[] },
): Promise<ArchiveImage> {
  const diffIds = parseImageConfig(config).rootfs.diff_ids;
  if (paths.length !== diffIds.length)
    throw new InvalidArgumentError(
      `invalid manifest, layers length mismatch: expected ${paths.length}, got ${diffIds.length}`,
    );
  checkDepth(diffIds);
  const { archive } = context;
  const chain = chainIds(diffIds);
  const descriptors: Descriptor[] = [];
  for (const [index, diffId] of diffIds.entries()) {
    const path = paths[index] ?? '';
    const layer = archive.has(path) ? archive.layer(path) : undefined;
    if (layer !== undefined) await keepLayer(layer, { diffId, index });
    const size = layer?.tarBytes ?? (await layerBytes(context, { diffId, name: chain[index] ?? diffId }));
    if (size === undefined) throw new InvalidArgumentError(`archive has no file ${path}`);
    descriptors.push({ mediaType: MEDIA_TYPES.ociLayer, digest: diffId, size });
  }
  const own = { mediaType: MEDIA_TYPES.ociConfig, digest: sha256(config), size: config.length };
  const made = manifestOf({ config: own, layers: descriptors });
  const documents = new Map<string, Uint8Array>([
    [own.digest, config],
    [made.descriptor.digest, made.bytes],
  ]);
  const source: ContentSource = {
    async open({ digest }) {
      const bytes = documents.get(digest);
      if (bytes === undefined) throw new InvalidArgumentError(`archive has no blob ${digest}`);
      return once(bytes);
    },
  };
  return { root: made.descriptor, manifest: made.descriptor, source, tags };
}

/** Gives a layer of an archive its name. @throws {InvalidArgumentError} if it is not what the image says */
export async function keepLayer(
  layer: ArchiveLayer,
  { diffId, index }: { diffId: Digest; index: number },
): Promise<void> {
  if (layer.diffId !== diffId)
    throw new InvalidArgumentError(
      `invalid diffID for layer ${index}: expected ${JSON.stringify(diffId)}, got ${JSON.stringify(layer.diffId)}`,
    );
  await layer.commit();
}

/** @throws {InvalidArgumentError} */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`${path} is not JSON`, { cause: error });
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
