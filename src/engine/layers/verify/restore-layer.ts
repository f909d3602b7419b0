import { DataLossError } from '#lib/errors.ts';
import type { LayerStore } from '../layer-store.ts';
import { gatherTar, type TarRecipe } from '../read-layer.ts';
import type { StoredLayer } from '../records.ts';

/**
 * Writes a layer's file anew from its tar, which is whole.
 * @throws {DataLossError} if it is not; then the layer is known to be damaged
 */
export async function restoreLayer(
  layers: LayerStore,
  layer: StoredLayer,
  { recipe, why }: { recipe: TarRecipe; why: string },
): Promise<void> {
  // From here on nothing takes the file that is being replaced for a source of content.
  layers.condemn(layer.diffId, why);
  await using ingested = await layers.ingest(gatherTar(recipe), { limitBytes: layer.tarBytes });
  if (ingested.diffId !== layer.diffId)
    throw new DataLossError(`layer ${layer.diffId} cannot be restored`, {
      why: `its tar hashes to ${ingested.diffId}`,
    });
  await ingested.commit();
}
