import type { LayerState } from '#engine/layers/layer-store.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Digest } from '#oci/digest.ts';
import { findSnapshot, type LayerPlaces } from './layer-bytes.ts';

/** Where a layer of an image is, and how safely. */
export interface PlacedLayerState {
  diffId: Digest;
  /** `folder` for a layer of a build whose bytes nobody has asked for yet. */
  state: LayerState | 'folder';
  /** Bytes that it takes. */
  diskBytes: number;
}

/** The states of a stack of layers, bottom first. */
export async function layerStates(
  { layers, snapshots }: LayerPlaces,
  diffIds: readonly Digest[],
): Promise<PlacedLayerState[]> {
  const states: PlacedLayerState[] = [];
  for (const [index, name] of chainIds(diffIds).entries()) {
    const diffId = diffIds[index] ?? name;
    const file = layers.find(diffId);
    const folder = await findSnapshot(snapshots, name);
    if (file !== undefined) states.push({ diffId, state: file.state, diskBytes: file.diskBytes });
    else states.push({ diffId, state: 'folder', diskBytes: folder?.bytes ?? 0 });
  }
  return states;
}
