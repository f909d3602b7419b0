import { DataLossError } from '#lib/errors.ts';
import type { SnapshotName } from '#engine/snapshots/snapshotter.ts';
import { findSnapshot, type LayerPlaces } from './layer-bytes.ts';

/** @see ImageStore.awaitLayers */
export async function awaitLayers({ layers, snapshots }: LayerPlaces, name: SnapshotName): Promise<void> {
  for (let next: SnapshotName | undefined = name; next !== undefined;) {
    const snapshot = await findSnapshot(snapshots, next);
    const { form, diffId } = snapshot ?? {};
    next = snapshot?.parent;
    if (form !== 'layer' || diffId === undefined) continue;
    if (layers.find(diffId)?.state === 'unproven') await layers.proven();
    if (!layers.has(diffId))
      throw new DataLossError(`layer ${diffId} is damaged`, {
        why: 'it did not reach the disk before the host went down',
        hint: 'pull or load the image again',
      });
  }
}
