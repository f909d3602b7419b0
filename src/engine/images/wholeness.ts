import { NotFoundError } from '#lib/errors.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Digest } from '#oci/digest.ts';
import type { Image } from './image.ts';
import { findSnapshot, type LayerPlaces } from './layer-bytes.ts';

/**
 * The first layer of a stack that is not here: each must be a committed snapshot, and have its file, verified, unless it is a folder.
 * @returns undefined if all are here
 */
export async function missingLayer(
  { layers, snapshots }: LayerPlaces,
  diffIds: readonly Digest[],
): Promise<Digest | undefined> {
  for (const [index, name] of chainIds(diffIds).entries()) {
    const diffId = diffIds[index] ?? name;
    const snapshot = await findSnapshot(snapshots, name);
    if (snapshot?.kind !== 'committed') return diffId;
    if (snapshot.form === 'layer' && !layers.has(diffId)) return diffId;
  }
  return undefined;
}

/** @throws {NotFoundError} for an image that is not whole, as if it were not there */
export async function assertWhole(places: LayerPlaces, { config }: Image, name: string): Promise<void> {
  const missing = await missingLayer(places, config.rootfs.diff_ids);
  if (missing === undefined) return;
  const isUnproven = places.layers.find(missing)?.state === 'unproven';
  throw new NotFoundError(`No such image: ${name}`, {
    why: isUnproven
      ? `its layer ${missing} is being checked, because the host went down before it was on the disk`
      : `its layer ${missing} is damaged`,
    hint: isUnproven ? 'try again in a moment' : 'pull, load or build it again',
  });
}
