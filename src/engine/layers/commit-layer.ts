import { renameSync, statSync } from 'node:fs';
import { ConflictError, DataLossError } from '#lib/errors.ts';
import { confirmLayer } from './confirm-layer.ts';
import { neededRanges } from './dedupe/donor-garbage.ts';
import { covers, unionOf } from './dedupe/ranges.ts';
import { DAMAGED, recheckDependents } from './dedupe/recheck-dependents.ts';
import { ingestFile, type NewLayerFile } from './ingest-layer.ts';
import { discardFile, type LayersContext, pathOf, recipeOf } from './layers-context.ts';
import type { StoredLayer } from './records.ts';
import { gatherTar } from './read-layer.ts';

/**
 * Gives a new file its name and record. What is there of the same diffId is replaced, whatever its state: the new bytes were just hashed, those
 * there were not. Two things are kept: a layer that the new one was compared with and is equal to, byte for byte; and content that other layers
 * refer to, which is at the same place in every file of the same layer.
 */
export async function commitLayer(context: LayersContext, file: NewLayerFile): Promise<StoredLayer> {
  using _ = await context.locks.acquire(file.diffId);
  const { records } = context;
  const existing = records.find(file.diffId);
  if (existing === undefined) return placeLayer(context, file, { existing });
  const { donors } = file.written.trailer;
  const refersToIt = donors.includes(file.diffId);
  if (refersToIt || (donors.length > 0 && existing.donors.length > 0)) {
    const isEqual = await confirmLayer(context, existing, file);
    const now = records.find(file.diffId); // it may have been removed meanwhile
    if (isEqual && now?.file === existing.file) return confirmed(context, now);
  }
  if (refersToIt || !keepsWhatOthersNeed(context, existing, file)) {
    await using whole = await rewrite(context, file);
    return placeLayer(context, whole, { existing: records.find(file.diffId) });
  }
  return placeLayer(context, file, { existing: records.find(file.diffId) });
}

/** What was equal to bytes that were just hashed is whole, whatever was thought of it. */
function confirmed({ records, settler, witness }: LayersContext, existing: StoredLayer): StoredLayer {
  if (existing.state !== 'durable' && existing.state !== 'settling') {
    records.put({ ...existing, state: 'settling', witness });
    settler.settle(existing.diffId);
  }
  return records.find(existing.diffId) ?? existing;
}

export interface PlaceOptions {
  /** The layer of the same diffId that is replaced. */
  existing: StoredLayer | undefined;
  /** Asked at the last moment; if not, the file is dropped. */
  isWanted?: () => boolean;
}

/**
 * Moves the file in and writes its record. The caller holds the layer's lock.
 * @throws {ConflictError} if it is not wanted any more
 */
export function placeLayer(
  context: LayersContext,
  file: NewLayerFile,
  { existing, isWanted = () => true }: PlaceOptions,
): StoredLayer {
  const { records, settler, witness } = context;
  const { diffId, name, written } = file;
  renameSync(file.path, pathOf(context, { file: name }));
  if (!isWanted()) {
    discardFile(context, name);
    throw new ConflictError(`layer ${diffId} changed while it was written anew`);
  }
  const { donors, needs, contentBytes } = written.trailer;
  records.put({
    diffId,
    file: name,
    state: 'settling',
    witness,
    tarBytes: written.tarBytes,
    contentBytes,
    diskBytes: statSync(pathOf(context, { file: name })).blocks * 512,
    donors,
    needs,
  });
  // One that is safe is not given up for one that is not yet.
  const isSafe = existing?.state === 'durable';
  if (existing !== undefined && !isSafe) discardFile(context, existing.file);
  if (existing !== undefined) recheckDependents(context, diffId, DAMAGED);
  settler.settle(diffId, isSafe ? existing : undefined);
  const stored = records.find(diffId);
  if (stored === undefined) throw new DataLossError(`layer ${diffId} was removed while it was stored`);
  return stored;
}

/** Whether a new file has all that layers refer to, or may refer to soon, in the one it replaces. */
export function keepsWhatOthersNeed(context: LayersContext, existing: StoredLayer, { written }: NewLayerFile): boolean {
  if (written.dataBytes === written.tarBytes) return true;
  if (context.holds.isHeld(existing.diffId)) return false;
  const needed = neededRanges(context, existing);
  if (needed === undefined) return false;
  const own = unionOf(written.trailer.extents.filter(({ device }) => device === 0));
  return needed.every((range) => covers(own, range));
}

/** The same layer with all of its content in its own file. */
async function rewrite(context: LayersContext, file: NewLayerFile): Promise<NewLayerFile> {
  const tar = gatherTar(
    recipeOf(context, file.path, { tarBytes: file.written.tarBytes, trailer: file.written.trailer }),
  );
  const { incoming: folder, lanes, holds } = context;
  const whole = await ingestFile({ folder, lanes, holds }, tar, { limitBytes: file.written.tarBytes });
  if (whole.diffId === file.diffId) return whole;
  await whole[Symbol.asyncDispose]();
  throw new DataLossError(`layer ${file.diffId} changed while it was stored`, {
    hint: 'load or pull the image again; if it happens again, the disk or the memory of this machine is broken',
  });
}
