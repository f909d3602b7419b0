import { open, stat } from 'node:fs/promises';
import { syncDirectory } from '#lib/files/write-atomic.ts';
import type { Digest } from '#oci/digest.ts';
import { recheckDependents, WHOLE } from './dedupe/recheck-dependents.ts';
import { discardFile, type LayersContext, pathOf } from './layers-context.ts';
import type { StoredLayer } from './records.ts';

/** Brings layers to the disk in the background, the oldest first. */
export interface Settler extends AsyncDisposable {
  /**
   * To be told of each layer that is in state `settling`.
   * @param former what it takes the place of and is on the disk already; its file stays until the new one is there, too
   */
  settle(diffId: Digest, former?: StoredLayer): void;
  /** Settles when all of them are on the disk, or known not to come there. */
  settled(): Promise<void>;
}

type Places = Pick<LayersContext, 'root' | 'incoming' | 'records' | 'log' | 'prove'>;

export function createSettler(context: Places): Settler {
  const waiting = new Map<Digest, StoredLayer[]>();
  let working: Promise<void> | undefined;
  let isClosed = false;
  const work = async (): Promise<void> => {
    // Those that come meanwhile have their turn, too.
    for (const [diffId, formers] of waiting) {
      waiting.delete(diffId);
      if (isClosed) continue;
      const kept = await settleLayer(context, diffId, formers);
      if (kept.length > 0) waiting.set(diffId, [...kept, ...(waiting.get(diffId) ?? [])]);
    }
    working = undefined;
  };
  return {
    settle(diffId, former) {
      waiting.set(diffId, [...(waiting.get(diffId) ?? []), ...(former === undefined ? [] : [former])]);
      working ??= work();
    },
    settled: async () => working,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await working;
    },
  };
}

/**
 * A file whose bytes, and those of its donors, are on the disk makes a durable layer.
 * @returns what it takes the place of, if the layer was replaced meanwhile: that stays until the newest one is there
 */
async function settleLayer(
  context: Places,
  diffId: Digest,
  formers: readonly StoredLayer[],
): Promise<readonly StoredLayer[]> {
  const { records } = context;
  const layer = records.find(diffId);
  let failure: unknown;
  if (layer?.state === 'settling')
    await bringToDisk(context, layer).catch((error: unknown) => {
      failure = error;
    });
  const now = records.find(diffId);
  if (now !== undefined && now.file !== layer?.file) return formers;
  if (now !== undefined && failure !== undefined) giveUp(context, { layer: now, former: formers.at(-1), failure });
  else for (const { file } of formers) discardFile(context, file);
  return [];
}

function giveUp(
  context: Places,
  { layer, former, failure }: { layer: StoredLayer; former: StoredLayer | undefined; failure: unknown },
): void {
  const { records, log } = context;
  const { diffId, file } = layer;
  log.error('a layer could not be written to the disk', { layer: diffId, error: String(failure) });
  if (former === undefined) records.setState(diffId, file, 'damaged');
  else {
    records.put(former);
    discardFile(context, file);
  }
  recheckDependents(context, diffId, WHOLE);
}

async function bringToDisk(context: Places, layer: StoredLayer): Promise<void> {
  const { root, records } = context;
  for (const donor of layer.donors) {
    const record = records.find(donor);
    if (record !== undefined && record.state !== 'durable') await syncFile(pathOf(context, record));
  }
  await syncFile(pathOf(context, layer));
  await syncDirectory(root);
  const { blocks } = await stat(pathOf(context, layer));
  records.settled(layer.diffId, layer.file, blocks * 512);
}

/** @throws as fdatasync(2) does */
export async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.datasync();
}
