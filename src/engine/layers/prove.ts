import { createHash } from 'node:crypto';
import { BerthError } from '#lib/errors.ts';
import { isErrno } from '#lib/files/file-error.ts';
import type { Digest } from '#oci/digest.ts';
import { recheckDependents, WHOLE } from './dedupe/recheck-dependents.ts';
import { type LayersContext, pathOf, recipeOf } from './layers-context.ts';
import { gatherTar } from './read-layer.ts';
import type { StoredLayer } from './records.ts';
import { syncFile } from './settle.ts';

type Places = Pick<LayersContext, 'root' | 'records' | 'log' | 'prove'>;

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
  const look = await lookThrough(places, layer, signal).catch((error: unknown) => {
    // The next start tries again.
    log.error('a layer could not be looked through', { layer: diffId, error: String(error) });
    return undefined;
  });
  const { file: fileNow, state } = records.find(diffId) ?? {};
  const isStill = fileNow === file && state === 'unproven'; // not removed or replaced meanwhile
  if (look === undefined || !isStill) return;
  records.setState(diffId, file, look.fault === undefined ? 'durable' : 'damaged');
  if (look.fault === undefined) return;
  log.warn('a layer is not whole', { layer: diffId, why: look.fault });
  recheckDependents(places, diffId, WHOLE);
}

/** @returns what is wrong with it; without a fault it is whole and on the disk. Undefined if it was stopped */
async function lookThrough(
  places: Places,
  layer: StoredLayer,
  signal: AbortSignal,
): Promise<{ fault: string | undefined } | undefined> {
  try {
    const found = await hashLayer(places, layer, signal);
    if (found === undefined) return undefined;
    if (found !== layer.diffId) return { fault: `its tar hashes to ${found}` };
    await syncFile(pathOf(places, layer));
    return { fault: undefined };
  } catch (error) {
    if (error instanceof BerthError) return { fault: error.message };
    if (isErrno(error, 'EIO')) return { fault: 'the disk cannot read it' };
    throw error;
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
