import type { Digest } from '#oci/digest.ts';
import type { LayersContext } from '../layers-context.ts';

/**
 * To be called when a donor was found damaged, or came again whole: whether the layers that refer to it are whole is no longer known. They are
 * not listed until they were hashed again.
 */
export function recheckDependents({ records, prove }: Pick<LayersContext, 'records' | 'prove'>, donor: Digest): void {
  let isAny = false;
  for (const diffId of records.dependents(donor)) {
    const layer = records.find(diffId);
    if (layer === undefined || layer.state === 'donor' || layer.state === 'unproven') continue;
    records.setState(diffId, layer.file, 'unproven');
    isAny = true;
  }
  if (isAny) prove();
}
