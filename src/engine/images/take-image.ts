import { NotFoundError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { type ContentSource, copyGraph } from '#oci/copy-graph.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { isIndex, parseManifestOrIndex } from '#oci/manifest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';
import type { ImagesContext } from './context.ts';
import { hostPlatform, selectPlatform } from './host-platform.ts';
import type { Image } from './image.ts';
import { readManifest } from './read-document.ts';
import { readVariant } from './read-variant.ts';
import { createStoreTarget } from './store-target.ts';

/**
 * Brings in an image from a place that knows digests alone, for who works with it now: it gets no record and no name, and stays while a
 * lease is held.
 * @param root its manifest or index
 * @throws {NotFoundError} if an index has nothing for the platform; {InvalidArgumentError} if what came is not what its digests say
 */
export async function takeImage(
  context: ImagesContext,
  { root, source }: { root: Uint8Array; source: ContentSource },
  { platform = hostPlatform(), signal }: { platform?: Platform; signal?: AbortSignal } = {},
): Promise<Image> {
  const document = parseManifestOrIndex(root);
  const fallback = isIndex(document) ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.ociManifest;
  const descriptor: Descriptor = { mediaType: document.mediaType ?? fallback, digest: sha256(root), size: root.length };
  const chosen = isIndex(document) ? selectPlatform(document, platform) : descriptor;
  if (chosen === undefined)
    throw new NotFoundError(`no matching manifest for ${formatPlatform(platform)} in the manifest list entries`, {
      hint: 'choose a platform with --platform that the image has',
    });
  const own: ContentSource = {
    open: async (wanted, options) => (wanted.digest === descriptor.digest ? once(root) : source.open(wanted, options)),
  };
  const target = createStoreTarget(context);
  await copyGraph({ source: own, target }, descriptor, { select: () => [chosen], signal });
  const { digest, mediaType, size } = chosen;
  const manifest = await readManifest(context.content, digest);
  return readVariant(context, { id: manifest.config.digest, root: descriptor, manifest: { digest, mediaType, size } });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
