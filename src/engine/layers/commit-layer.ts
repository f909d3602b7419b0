import { renameSync, statSync } from 'node:fs';
import { DataLossError } from '#lib/errors.ts';
import { syncDirectory } from '#lib/files/write-atomic.ts';
import { confirmLayer } from './confirm-layer.ts';
import { ingestFile, type NewLayerFile } from './ingest-layer.ts';
import { discardFile, type LayersContext, pathOf, recipeOf } from './layers-context.ts';
import type { StoredLayer } from './records.ts';
import { gatherTar } from './read-layer.ts';
import { syncFile } from './settle.ts';

/**
 * Gives a new file its name and record. What is there of the same diffId is replaced, whatever its state: the new bytes were just hashed, those
 * there were not. Two things are kept: a layer that the new one was compared with and is equal to, byte for byte; and where content lies that other
 * layers refer to.
 */
export async function commitLayer(context: LayersContext, file: NewLayerFile): Promise<StoredLayer> {
  using _ = await context.locks.acquire(file.diffId);
  const existing = context.records.find(file.diffId);
  if (existing === undefined) return await place(context, file, undefined);
  const { donors } = file.written.trailer;
  const refersToIt = donors.includes(file.diffId);
  if (refersToIt || (donors.length > 0 && existing.donors.length > 0))
    if (await confirmLayer(context, existing, file)) return confirmed(context, existing);
  if (refersToIt || (isReferredTo(context, existing) && !isLaidOutAlike(existing, file))) {
    await using whole = await rewrite(context, file);
    return await place(context, whole, existing);
  }
  return await place(context, file, existing);
}

/** What was equal to bytes that were just hashed is whole, whatever was thought of it. */
function confirmed({ records, settler, witness }: LayersContext, existing: StoredLayer): StoredLayer {
  if (existing.state !== 'durable' && existing.state !== 'settling') {
    records.put({ ...existing, state: 'settling', witness });
    settler.settle(existing.diffId);
  }
  return records.find(existing.diffId) ?? existing;
}

async function place(
  context: LayersContext,
  file: NewLayerFile,
  existing: StoredLayer | undefined,
): Promise<StoredLayer> {
  const { records, root, settler, witness } = context;
  const { diffId, name, written } = file;
  // One that is safe is not given up for one that is not yet.
  const isDurable = existing?.state === 'durable';
  if (isDurable) {
    await syncFile(file.path);
    for (const donor of written.trailer.donors) {
      const record = records.find(donor);
      if (record !== undefined) await syncFile(pathOf(context, record));
    }
  }
  renameSync(file.path, pathOf(context, { file: name }));
  if (isDurable) await syncDirectory(root);
  if (existing !== undefined) giveUpDependents(context, existing, file);
  const { donors, needs, contentBytes } = written.trailer;
  records.put({
    diffId,
    file: name,
    state: isDurable ? 'durable' : 'settling',
    witness,
    tarBytes: written.tarBytes,
    contentBytes,
    diskBytes: statSync(pathOf(context, { file: name })).blocks * 512,
    donors,
    needs,
  });
  if (existing !== undefined) discardFile(context, existing.file);
  if (!isDurable) settler.settle(diffId);
  const stored = records.find(diffId);
  if (stored === undefined) throw new DataLossError(`layer ${diffId} was removed while it was stored`);
  return stored;
}

function isReferredTo({ records, holds }: LayersContext, { diffId }: StoredLayer): boolean {
  return holds.isHeld(diffId) || records.dependents(diffId).length > 0;
}

/** Files that hold all of a tar have it in the same places; of others that is not known. */
function isLaidOutAlike(existing: StoredLayer, { written }: NewLayerFile): boolean {
  return written.dataBytes === written.tarBytes && existing.donors.length === 0;
}

/** The same layer with all of its content in its own file. */
async function rewrite(context: LayersContext, file: NewLayerFile): Promise<NewLayerFile> {
  const tar = gatherTar(
    recipeOf(context, file.path, { tarBytes: file.written.tarBytes, trailer: file.written.trailer }),
  );
  const whole = await ingestFile({ folder: context.incoming, lanes: context.lanes }, tar, {
    limitBytes: file.written.tarBytes,
  });
  if (whole.diffId === file.diffId) return whole;
  await whole[Symbol.asyncDispose]();
  throw new DataLossError(`layer ${file.diffId} changed while it was stored`, {
    hint: 'load or pull the image again; if it happens again, the disk or the memory of this machine is broken',
  });
}

/** Layers that refer to ranges of a file that is laid out otherwise now have lost them. */
function giveUpDependents(context: LayersContext, existing: StoredLayer, file: NewLayerFile): void {
  if (isLaidOutAlike(existing, file)) return;
  const { records, log } = context;
  for (const dependent of records.dependents(existing.diffId)) {
    const record = records.find(dependent);
    if (record === undefined || dependent === existing.diffId) continue;
    records.setState(dependent, record.file, 'damaged');
    log.warn('a layer lost content that lay in another one', { layer: dependent, donor: existing.diffId });
  }
}
