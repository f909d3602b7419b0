import type { PlacedLayer } from '#engine/images/layer-bytes.ts';
import type { Image } from '#engine/images/image.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import type { HistoryEntry, ImageConfig } from '#oci/image-config.ts';
import type { PlatformResult } from '../prepare-build.ts';
import { configOf } from './config-of.ts';

/** What a build came to on one platform, with its layers' names. */
export interface BuiltImage {
  result: PlatformResult;
  layers: readonly PlacedLayer[];
  /** How many of them are the base's. */
  baseLayers: number;
  config: ImageConfig;
  /** Entries of the history that are the base's. */
  baseHistory: number;
  /** How the base's layers are compressed where it comes from. */
  known: ReadonlyMap<Digest, Descriptor>;
}

/** Waits for the layers' hashes and gives the layers the names that images know them by. */
export async function sealResult(result: PlatformResult): Promise<BuiltImage> {
  const { state, build } = result;
  const diffIds = await build.context.layers.seal(state.layers);
  const base = await baseOf(result, diffIds);
  const baseIds = base?.config.rootfs.diff_ids ?? [];
  return {
    result,
    layers: placesOf(diffIds),
    baseLayers: baseIds.length,
    config: configOf(state, diffIds),
    baseHistory: sameEntries(state.history, base?.config.history ?? []),
    known: new Map(
      baseIds.flatMap((diffId, index) => {
        const layer = base?.manifest.document.layers[index];
        return layer === undefined || layer.digest === diffId ? [] : [[diffId, layer]];
      }),
    ),
  };
}

/** The image that it begins with: of those that the build used, the tallest whose layers are its lowest. */
async function baseOf({ build }: PlatformResult, diffIds: readonly Digest[]): Promise<Image | undefined> {
  const images = await Promise.all(build.images.values().map((image) => image.catch(() => undefined)));
  const fitting = images.filter(
    (image): image is Image =>
      image !== undefined && image.config.rootfs.diff_ids.every((diffId, index) => diffIds[index] === diffId),
  );
  return fitting.toSorted((a, b) => b.config.rootfs.diff_ids.length - a.config.rootfs.diff_ids.length)[0];
}

function sameEntries(history: readonly HistoryEntry[], base: readonly HistoryEntry[]): number {
  const different = history.findIndex((entry, index) => JSON.stringify(entry) !== JSON.stringify(base[index]));
  return different < 0 ? history.length : different;
}

export function placesOf(diffIds: readonly Digest[]): PlacedLayer[] {
  const chain = chainIds(diffIds);
  return diffIds.map((diffId, index) => ({ diffId, name: chain[index] ?? diffId }));
}
