import type { ImagesContext } from './context.ts';
import type { Image } from './image.ts';
import { readImage } from './read-image.ts';
import { missingLayer } from './wholeness.ts';

/** All images that are whole; those of which a layer is damaged, or not proven yet after a power cut, are left out. */
export async function listWhole(context: ImagesContext): Promise<Image[]> {
  const images: Image[] = [];
  for (const record of context.records.list()) {
    // Removed while the others were read.
    if (context.records.find(record.id) === undefined) continue;
    const image = await readImage(context, record);
    if ((await missingLayer(context, image.config.rootfs.diff_ids)) === undefined) images.push(image);
  }
  return images;
}
