import type { ContentStore } from '#engine/content/store.ts';
import type { Manifest } from '#oci/manifest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import { DataLossError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import type { Image } from './image.ts';
import { layerBytes, type LayerPlaces } from './layer-bytes.ts';

/** A manifest of an image with its layers as they are stored: uncompressed tars. The same bytes each time. */
export async function storedManifest(
  places: LayerPlaces & { content: ContentStore },
  image: Image,
): Promise<{ descriptor: Descriptor; bytes: Buffer; manifest: Manifest }> {
  const layers = await plainLayers(places, image.config.rootfs.diff_ids);
  const config = { mediaType: MEDIA_TYPES.ociConfig, digest: image.id, size: await places.content.size(image.id) };
  return manifestOf({ config, layers });
}

/** Descriptors of layers as uncompressed tars. @throws {DataLossError} if one is not here */
export async function plainLayers(places: LayerPlaces, diffIds: readonly Digest[]): Promise<Descriptor[]> {
  const chain = chainIds(diffIds);
  const described: Descriptor[] = [];
  for (const [index, digest] of diffIds.entries()) {
    const size = await layerBytes(places, { diffId: digest, name: chain[index] ?? digest });
    if (size === undefined) throw new DataLossError(`layer ${digest} is gone`);
    described.push({ mediaType: MEDIA_TYPES.ociLayer, digest, size });
  }
  return described;
}

/** The bytes and the descriptor of a manifest. */
export function manifestOf({ config, layers }: Pick<Manifest, 'config' | 'layers'>): {
  descriptor: Descriptor;
  bytes: Buffer;
  manifest: Manifest;
} {
  const manifest: Manifest = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return {
    descriptor: { mediaType: MEDIA_TYPES.ociManifest, digest: sha256(bytes), size: bytes.length },
    bytes,
    manifest,
  };
}
