import { BerthError } from '#lib/errors.ts';
import type { ImagesContext } from './context.ts';
import { readImage } from './read-image.ts';
import type { ImageRecord } from './records.ts';
import { missingLayer } from './wholeness.ts';

/**
 * Drops the records of images that are not whole, with a warning. Those with a layer that waits to be hashed again, after a power cut, stay
 * without being listed.
 * @returns whether any waits
 */
export async function dropBroken(context: ImagesContext): Promise<boolean> {
  let waits = false;
  for (const record of context.records.list()) {
    const state = await stateOf(context, record);
    if (state === 'unproven') waits = true;
    if (state === 'whole' || state === 'unproven') continue;
    context.log.warn('image is not whole and was dropped', { image: record.id, error: state.missing });
    context.records.remove(record.id);
    context.documents.delete(record.id);
  }
  return waits;
}

async function stateOf(
  context: ImagesContext,
  record: ImageRecord,
): Promise<'whole' | 'unproven' | { missing: string }> {
  try {
    const { config } = await readImage(context, record);
    const missing = await missingLayer(context, config.rootfs.diff_ids);
    if (missing === undefined) return 'whole';
    return context.layers.find(missing)?.state === 'unproven' ? 'unproven' : { missing: `layer ${missing} is missing` };
  } catch (error) {
    if (error instanceof BerthError) return { missing: error.message };
    throw error;
  }
}
