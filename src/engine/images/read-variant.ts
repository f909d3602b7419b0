import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { isIndex, parseManifestOrIndex } from '#oci/manifest.ts';
import { isIndexType } from '#oci/media-type.ts';
import type { Platform } from '#oci/platform.ts';
import type { ImagesContext } from './context.ts';
import { selectPlatform } from './host-platform.ts';
import type { Image } from './image.ts';
import { readConfig, readDocument, readManifest } from './read-document.ts';
import { describeImage, readDocuments } from './read-image.ts';
import { missingLayer } from './wholeness.ts';

/** An image that has no record of its own: what one of another platform is beside the one that clients see. */
export async function readVariant(
  context: ImagesContext,
  variant: { id: Digest; root: Descriptor; manifest: Descriptor },
): Promise<Image> {
  const documents = await readDocuments(context, variant);
  return { ...describeImage(variant, documents), tags: [], digests: [], storedAt: 0 };
}

/** What an image is on another platform, if its index has that and all of it is here. */
export async function findVariant(
  context: ImagesContext,
  { root }: Pick<Image, 'root'>,
  platform: Platform,
): Promise<Image | undefined> {
  const { content } = context;
  if (!isIndexType(root.mediaType)) return undefined;
  const index = parseManifestOrIndex(await readDocument(content, root.digest));
  const child = isIndex(index) ? selectPlatform(index, platform) : undefined;
  if (child === undefined || !(await content.has(child.digest))) return undefined;
  const { config } = await readManifest(content, child.digest);
  if (!(await content.has(config.digest))) return undefined;
  const { rootfs } = await readConfig(content, config.digest);
  if ((await missingLayer(context, rootfs.diff_ids)) !== undefined) return undefined;
  const { digest, mediaType, size } = child;
  return readVariant(context, { id: config.digest, root, manifest: { digest, mediaType, size } });
}
