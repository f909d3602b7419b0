import { decompress } from '#lib/compression/decompress.ts';
import { sha256 } from '#lib/sha256.ts';
import type { ContainerDefaults, ImageConfig } from '#oci/image-config.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import type { Platform } from '#oci/platform.ts';
import type { ImagesContext } from './context.ts';
import { addImage } from './add-image.ts';
import { hostPlatform } from './host-platform.ts';
import { LAYER_LIMIT_BYTES } from './limits.ts';
import type { Image } from './image.ts';
import { manifestOf } from './store-source.ts';

export interface ImportOptions {
  /** Names it gets. */
  tags?: readonly string[];
  /** Comment in its history. */
  message?: string;
  /** Defaults for containers. */
  config?: ContainerDefaults;
  platform?: Platform | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Makes an image of one layer from a tar of a file system, in any compression.
 * @throws {InvalidArgumentError} if the archive is broken; {UnavailableError} if the disk is full; nothing is left behind
 */
export async function importImage(
  context: ImagesContext,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions = {},
): Promise<Image> {
  using _ = context.garbage.lease();
  try {
    return await takeImage(context, source, options);
  } catch (error) {
    // What came before the failure is of no use; it goes when the lease does.
    await context.garbage.collect();
    throw error;
  }
}

async function takeImage(
  context: ImagesContext,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<Image> {
  const { content, layers, snapshots, events } = context;
  const { signal, tags = [] } = options;
  const limitBytes = LAYER_LIMIT_BYTES;
  await using ingested = await layers.ingest(decompress(source, { limitBytes }), { limitBytes, signal });
  const { diffId, tarBytes: size } = ingested;
  await ingested.commit();
  await snapshots.stack({ name: diffId, parent: undefined, diffId });
  const config = Buffer.from(JSON.stringify(configOf(diffId, options)));
  const { descriptor, bytes } = manifestOf({
    config: { mediaType: MEDIA_TYPES.ociConfig, digest: sha256(config), size: config.length },
    layers: [{ mediaType: MEDIA_TYPES.ociLayer, digest: diffId, size }],
  });
  await content.write(sha256(config), once(config), { limitBytes: config.length });
  await content.write(descriptor.digest, once(bytes), { limitBytes: bytes.length });
  const image = await addImage(context, { root: descriptor, manifest: descriptor }, { tags });
  events.publish({ type: 'image', action: 'import', id: image.id, attributes: { name: image.tags[0] ?? image.id } });
  return image;
}

function configOf(diffId: `sha256:${string}`, { message, config = {}, platform }: ImportOptions): ImageConfig {
  const created = new Date().toISOString();
  return {
    ...(platform ?? hostPlatform()),
    created,
    config,
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created, ...(message !== undefined && message !== '' && { comment: message }) }],
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
