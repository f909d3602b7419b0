import { transaction } from '#lib/sqlite.ts';
import type { Database } from '#lib/sqlite.ts';
import type { Digest } from '#oci/digest.ts';
import { discardFile, type LayersContext } from './layers-context.ts';
import type { StoredLayer } from './records.ts';

/** Takes a layer out at once. One that others refer to stays as their donor; donors that nobody refers to any more go with the last of them. */
export function removeLayer(context: LayersContext & { database: Database }, diffId: Digest): void {
  const gone: StoredLayer[] = [];
  transaction(context.database, () => forget(context, diffId, gone));
  for (const { file } of gone) discardFile(context, file);
  context.shrinker.wake();
}

function forget(context: LayersContext, diffId: Digest, gone: StoredLayer[]): void {
  const { records, holds } = context;
  const layer = records.find(diffId);
  if (layer === undefined) return;
  if (holds.isHeld(diffId) || records.dependents(diffId).length > 0) {
    records.setState(diffId, layer.file, 'donor');
    return;
  }
  records.remove(diffId);
  gone.push(layer);
  for (const donor of layer.donors) forgetDonor(context, donor, gone);
}

/** What is left of a layer that was removed goes when the last who referred to it does. */
function forgetDonor(context: LayersContext, donor: Digest, gone: StoredLayer[]): void {
  if (context.records.find(donor)?.state === 'donor') forget(context, donor, gone);
}

/** To be called when nobody holds a layer any more. */
export function releaseLayer(context: LayersContext & { database: Database }, diffId: Digest): void {
  if (context.records.find(diffId)?.state === 'donor') removeLayer(context, diffId);
}
