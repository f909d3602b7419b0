import type { ContentStore } from '#engine/content/store.ts';
import type { ContentSource } from '#oci/copy-graph.ts';
import type { Manifest } from '#oci/manifest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Image } from './image.ts';

/** The engine's store as the source of a copy. Layers are here under their diffId, uncompressed: describe them with `storedManifest`. */
export function createStoreSource(
  content: ContentStore,
  extra: ReadonlyMap<string, Uint8Array> = new Map(),
): ContentSource {
  return {
    async open({ digest }) {
      const bytes = extra.get(digest);
      return bytes === undefined ? content.read(digest) : once(bytes);
    },
  };
}

/** A manifest of an image with its layers as they are stored: uncompressed tars. The same bytes each time. */
export async function storedManifest(
  content: ContentStore,
  image: Image,
): Promise<{ descriptor: Descriptor; bytes: Buffer; manifest: Manifest }> {
  const layers: Descriptor[] = [];
  for (const digest of image.config.rootfs.diff_ids)
    layers.push({ mediaType: MEDIA_TYPES.ociLayer, digest, size: await content.size(digest) });
  const config = { mediaType: MEDIA_TYPES.ociConfig, digest: image.id, size: await content.size(image.id) };
  return manifestOf({ config, layers });
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

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
