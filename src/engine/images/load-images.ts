import { InvalidArgumentError } from '#lib/errors.ts';
import { copyGraph } from '#oci/copy-graph.ts';
import type { Platform } from '#oci/platform.ts';
import { canonicalName } from '#oci/reference.ts';
import { addImage } from './add-image.ts';
import { readArchive, type ReadArchiveOptions } from './archive.ts';
import { archiveImages } from './archive-images.ts';
import type { ImagesContext } from './context.ts';
import type { Image } from './image.ts';
import type { ArchiveImage } from './plain-image.ts';
import { createStoreTarget } from './store-target.ts';
import { parseTag } from './tag-image.ts';

export interface LoadOptions extends ReadArchiveOptions {
  /** Of an index with several; the host's if absent. */
  platform?: Platform | undefined;
  /** Done only when the layers are on the disk. */
  isDurable?: boolean;
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
    const { layers, snapshots } = context;
    await using archive = await readArchive(layers, source, options);
    const images: Image[] = [];
    for (const found of await archiveImages({ archive, layers, snapshots, platform: options.platform }))
      images.push(await loadImage(context, found, options));
    if (options.isDurable === true) await layers.settled();
    return images;
  } catch (error) {
    // What came before the failure is of no use; it goes when the lease does.
    await context.garbage.collect();
    throw error;
  }
}

async function loadImage(context: ImagesContext, found: ArchiveImage, options: LoadOptions): Promise<Image> {
  const { events, records } = context;
  const tags = found.tags.map(namedTag);
  const target = createStoreTarget(context);
  await copyGraph({ source: found.source, target }, found.root, {
    select: () => [found.manifest],
    signal: options.signal,
  });
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

function namedTag(tag: string): ReturnType<typeof parseTag> {
  try {
    return parseTag(tag);
  } catch (error) {
    const message = `image name ${JSON.stringify(tag.slice(0, SHOWN_LENGTH))}: ${(error as Error).message}`;
    throw new InvalidArgumentError(message, { cause: error });
  }
}

/** Of a name that is wrong; longer ones are cut off in messages. */
const SHOWN_LENGTH = 300;
