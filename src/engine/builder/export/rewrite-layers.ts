import { streamLayer } from '#engine/images/layer-bytes.ts';
import { LAYER_LIMIT_BYTES } from '#engine/images/limits.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Digest } from '#oci/digest.ts';
import type { BuilderContext } from '../build-run.ts';
import { type BuiltImage, placesOf } from './built-image.ts';
import { noLaterThan, rewriteTimes } from './rewrite-times.ts';

/**
 * Makes layers of those of a build in which no file is newer than a point in time. The base's stay.
 * @throws {UnavailableError} when the disk is full; {CancelledError}
 */
export async function rewriteLayers(
  { layerFiles, snapshots }: BuilderContext,
  built: BuiltImage,
  { epoch, signal }: { epoch: number; signal: AbortSignal },
): Promise<BuiltImage> {
  const diffIds: Digest[] = built.layers.slice(0, built.baseLayers).map(({ diffId }) => diffId);
  for (const layer of built.layers.slice(built.baseLayers)) {
    const tar = await streamLayer({ layers: layerFiles, snapshots }, layer);
    const rewritten = rewriteTimes(tar, noLaterThan(epoch));
    await using made = await layerFiles.ingest(rewritten, { limitBytes: LAYER_LIMIT_BYTES, signal });
    if (!layerFiles.has(made.diffId)) await made.commit();
    diffIds.push(made.diffId);
    const chain = chainIds(diffIds);
    const place = { diffId: made.diffId, name: chain.at(-1) ?? made.diffId, parent: chain.at(-2) };
    await snapshots.stack(place, { signal });
  }
  const config = { ...built.config, rootfs: { ...built.config.rootfs, diff_ids: diffIds } };
  return { ...built, layers: placesOf(diffIds), config };
}
