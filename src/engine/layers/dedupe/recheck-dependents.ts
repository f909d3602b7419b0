import type { Digest } from '#oci/digest.ts';
import type { LayerState } from '../layer-store.ts';
import type { LayersContext } from '../layers-context.ts';

/** Those whose content may be lost with that of their donor. */
export const WHOLE: readonly LayerState[] = ['durable', 'settling'];
/** Those whose content may have come again with that of their donor. */
export const DAMAGED: readonly LayerState[] = ['damaged'];

/**
 * To be called when a donor was found damaged, or was replaced: of layers that refer to it and are in one of these states it is not known any more
 * whether they are whole. They are not listed until they were hashed again.
 */
export function recheckDependents(
  { records, prove }: Pick<LayersContext, 'records' | 'prove'>,
  donor: Digest,
  states: readonly LayerState[],
): void {
  const dependents = records.dependents(donor).flatMap((diffId) => records.find(diffId) ?? []);
  const doubtful = dependents.filter(({ state }) => states.includes(state));
  for (const { diffId, file } of doubtful) records.setState(diffId, file, 'unproven');
  if (doubtful.length > 0) prove();
}
