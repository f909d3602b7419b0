import { chainIds } from '#oci/chain-id.ts';
import type { HistoryEntry } from '#oci/image-config.ts';
import type { ImagesContext } from './context.ts';
import type { Image } from './image.ts';

export interface HistoryStep extends HistoryEntry {
  /** Bytes that the step added. */
  size: number;
}

/** The steps that made an image, the newest first. Layers that the history does not mention come first. */
export async function imageHistory({ snapshots }: ImagesContext, image: Image): Promise<HistoryStep[]> {
  const sizes: number[] = [];
  for (const name of chainIds(image.config.rootfs.diff_ids)) sizes.push((await snapshots.stat(name)).bytes);
  const steps = (image.config.history ?? []).map((entry) => ({
    ...entry,
    size: entry.empty_layer === true ? 0 : (sizes.shift() ?? 0),
  }));
  return [...steps, ...sizes.map((size) => ({ size }))].toReversed();
}
