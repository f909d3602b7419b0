import { copyGraph } from '#oci/copy-graph.ts';
import type { Platform } from '#oci/platform.ts';
import { canonicalName } from '#oci/reference.ts';
import { addImage } from './add-image.ts';
import { readArchive } from './archive.ts';
import { archiveImages } from './archive-images.ts';
import type { ImagesContext } from './context.ts';
import type { Image } from './image.ts';
import type { ArchiveImage } from './plain-image.ts';
import { createStoreTarget } from './store-target.ts';
import { parseTag } from './tag-image.ts';

export interface LoadOptions {
  /** Of an index with several; the host's if absent. */
  platform?: Platform | undefined;
  signal?: AbortSignal | undefined;
  /** Told of a tag that moves away from another image, before it does. */
  onMoved?: (tag: string, from: string) => void;
  onLoaded?: (image: Image, tags: readonly string[]) => void;
}

/**
 * Takes in the images of an archive, in any form and compression. An image is listed once it is whole.
 * @throws {InvalidArgumentError} if the archive is broken; {UnavailableError} if the disk is full
 */
export async function loadImages(
  context: ImagesContext,
  source: AsyncIterable<Uint8Array>,
  options: LoadOptions = {},
): Promise<Image[]> {
  using _ = context.garbage.lease();
  try {
    await using archive = await readArchive(context.content, source, options);
    const images: Image[] = [];
    for (const found of await archiveImages({ archive, content: context.content, platform: options.platform }))
      images.push(await loadImage(context, found, options));
    return images;
  } catch (error) {
    // What came before the failure is of no use; it goes when the lease does.
    await context.garbage.collect();
    throw error;
  }
}

async function loadImage(context: ImagesContext, found: ArchiveImage, options: LoadOptions): Promise<Image> {
  const { content, snapshots, events, records } = context;
  const target = createStoreTarget({ content, snapshots });
  await copyGraph({ source: found.source, target }, found.root, {
    select: () => [found.manifest],
    signal: options.signal,
  });
  const tags = found.tags.map((tag) => parseTag(tag));
  const image = await addImage(context, found);
  for (const tag of tags) {
    const former = records.named(canonicalName(tag));
    if (former !== undefined && former !== image.id) options.onMoved?.(canonicalName(tag), former);
  }
  const tagged = await addImage(context, found, { tags: tags.map(canonicalName) });
  options.onLoaded?.(tagged, tags.map(canonicalName));
  events.publish({ type: 'image', action: 'load', id: image.id, attributes: { name: tagged.tags[0] ?? image.id } });
  return tagged;
}
