import { createHash } from 'node:crypto';
import { BerthError } from '#lib/errors.ts';
import type { Log } from '#lib/log.ts';
import type { Digest } from '#oci/digest.ts';
import { pathOf, recipeOf } from './layers-context.ts';
import { gatherTar } from './read-layer.ts';
import type { LayerRecords, StoredLayer } from './records.ts';
import { syncFile } from './settle.ts';

interface Places {
  root: string;
  records: LayerRecords;
  log: Log;
}

/** Hashes every layer again that is `unproven`: it is durable then, or damaged. */
export async function proveLayers(places: Places, signal: AbortSignal): Promise<void> {
  for (const { diffId } of places.records.list().filter(({ state }) => state === 'unproven')) {
    if (signal.aborted) return;
    const layer = places.records.find(diffId);
    if (layer?.state === 'unproven') await proveLayer(places, layer, signal);
  }
}

async function proveLayer(places: Places, layer: StoredLayer, signal: AbortSignal): Promise<void> {
  const { records, log } = places;
  const { diffId, file } = layer;
  try {
    const found = await hashLayer(places, layer, signal);
    if (found === undefined) return;
    const isWhole = found === diffId;
    if (isWhole) await syncFile(pathOf(places, layer));
    records.proven(diffId, file, isWhole ? 'durable' : 'damaged');
    if (!isWhole) log.warn('a layer did not come to the disk whole', { layer: diffId, found });
  } catch (error) {
    records.proven(diffId, file, 'damaged');
    log.warn('a layer did not come to the disk whole', { layer: diffId, error: String(error) });
    if (!(error instanceof BerthError)) throw error;
  }
}

/** @returns undefined if it was stopped */
async function hashLayer(places: Places, layer: StoredLayer, signal: AbortSignal): Promise<Digest | undefined> {
  const hash = createHash('sha256');
  for await (const chunk of gatherTar(recipeOf(places, pathOf(places, layer)))) {
    if (signal.aborted) return undefined;
    hash.update(chunk);
  }
  return `sha256:${hash.digest('hex')}`;
}
