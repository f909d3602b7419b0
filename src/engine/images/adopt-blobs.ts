import { InvalidArgumentError } from '#lib/errors.ts';
import type { Digest } from '#oci/digest.ts';
import type { ImagesContext } from './context.ts';
import { LAYER_LIMIT_BYTES } from './limits.ts';

/** Moves layer tars that an older engine kept among the documents to the layers. */
export async function adoptBlobs({ content, layers, snapshots, log }: ImagesContext): Promise<void> {
  const diffIds = new Set((await snapshots.list()).flatMap(({ diffId }) => (diffId === undefined ? [] : [diffId])));
  for (const diffId of diffIds) {
    if (!(await content.has(diffId))) continue;
    if (layers.find(diffId) === undefined) await adopt({ content, layers, log }, diffId);
    await content.remove(diffId);
  }
}

async function adopt(
  { content, layers, log }: Pick<ImagesContext, 'content' | 'layers' | 'log'>,
  diffId: Digest,
): Promise<void> {
  try {
    await using layer = await layers.ingest(await content.read(diffId), { limitBytes: LAYER_LIMIT_BYTES });
    if (layer.diffId !== diffId) throw new InvalidArgumentError(`its bytes are those of ${layer.diffId}`);
    await layer.commit();
    log.info('a layer of an older engine was taken over', { layer: diffId, bytes: layer.tarBytes });
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    log.warn('a layer of an older engine is damaged and was dropped', { layer: diffId, error: error.message });
  }
}
