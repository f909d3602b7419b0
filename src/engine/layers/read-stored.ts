import { type LayersContext, pathOf, recipeOf } from './layers-context.ts';
import { gatherTar, type TarRange } from './read-layer.ts';
import type { StoredLayer } from './records.ts';

/** The tar of a layer that is here, whatever happens to the layer meanwhile. @throws {DataLossError} if a file of it is gone or too short */
export async function* readStored(
  context: Pick<LayersContext, 'root' | 'records' | 'holds'>,
  layer: StoredLayer,
  range?: TarRange,
): AsyncGenerator<Buffer> {
  // Else what nobody needs once the layer is removed would be given back under the reader.
  using _ = context.holds.hold([layer.diffId, ...layer.donors]);
  yield* gatherTar(recipeOf(context, pathOf(context, layer)), range);
}
