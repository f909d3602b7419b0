import type { Filters } from '#api/filters.ts';
import { ConflictError } from '#lib/errors.ts';
import type { Digest } from '#oci/digest.ts';
import type { ImagesContext } from './context.ts';
import type { Image } from './image.ts';
import { readImage } from './read-image.ts';
import { createdMs } from './list-images.ts';
import { dropImage, type RemovedImages } from './remove-image.ts';

export const PRUNE_FILTERS: readonly string[] = ['dangling', 'label', 'label!', 'until'];

/** Contexts in which a prune runs. */
const running = new WeakSet<ImagesContext>();

/**
 * Removes images without a tag, or with `dangling=false` all that no container uses.
 * @throws {ConflictError} while another prune runs
 */
export async function pruneImages(
  context: ImagesContext,
  filters: Filters,
  { used }: { used: ReadonlySet<Digest> },
): Promise<RemovedImages> {
  if (running.has(context)) throw new ConflictError('a prune operation is already running');
  running.add(context);
  try {
    const result: RemovedImages = { untagged: [], deleted: [], bytes: 0 };
    for (const record of context.records.list()) {
      // Removed while the others were read.
      if (context.records.find(record.id) === undefined) continue;
      const image = await readImage(context, record);
      if (used.has(image.id) || !isUnwanted(image, filters)) continue;
      result.untagged.push(...image.tags, ...image.digests);
      dropImage(context, record);
      result.deleted.push(image.id);
    }
    const { removed, bytes } = await context.garbage.collect();
    result.deleted.push(...removed);
    result.bytes = bytes;
    context.events.publish({ type: 'image', action: 'prune', id: '', attributes: { reclaimed: String(result.bytes) } });
    return result;
  } finally {
    running.delete(context);
  }
}

function isUnwanted(image: Image, filters: Filters): boolean {
  const until = filters.time('until');
  if (filters.flag('dangling') !== false && image.tags.length > 0) return false;
  if (until !== undefined && BigInt(createdMs(image)) * 1_000_000n > until) return false;
  return filters.labels(image.config.config?.Labels ?? {});
}
