import type { ImagesContext } from './context.ts';
import { findImage } from './find-image.ts';
import type { Image } from './image.ts';
import { readImage } from './read-image.ts';
import { assertWhole } from './wholeness.ts';

/** @see ImageStore.get */
export async function getImage(context: ImagesContext, name: string): Promise<Image> {
  const image = await readImage(context, findImage(context, name));
  await assertWhole(context, image, name);
  return image;
}
