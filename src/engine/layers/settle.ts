import { open, stat } from 'node:fs/promises';
import type { Log } from '#lib/log.ts';
import { syncDirectory } from '#lib/files/write-atomic.ts';
import { isErrno } from '#lib/files/file-error.ts';
import type { Digest } from '#oci/digest.ts';
import { pathOf } from './layers-context.ts';
import type { LayerRecords } from './records.ts';

/** Brings layers to the disk in the background, the oldest first. */
export interface Settler extends AsyncDisposable {
  /** To be told of each layer that is in state `settling`. */
  settle(diffId: Digest): void;
  /** Settles when all of them are on the disk, or known not to come there. */
  settled(): Promise<void>;
}

export function createSettler(context: { root: string; records: LayerRecords; log: Log }): Settler {
  const waiting = new Set<Digest>();
  let working: Promise<void> | undefined;
  let isClosed = false;
  const work = async (): Promise<void> => {
    // Those that come meanwhile have their turn, too.
    for (const diffId of waiting) {
      waiting.delete(diffId);
      if (!isClosed) await settleLayer(context, diffId);
    }
    working = undefined;
  };
  return {
    settle(diffId) {
      waiting.add(diffId);
      working ??= work();
    },
    settled: async () => working,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await working;
    },
  };
}

/** A file whose bytes, and those of its donors, are on the disk makes a durable layer. */
async function settleLayer(
  { root, records, log }: { root: string; records: LayerRecords; log: Log },
  diffId: Digest,
): Promise<void> {
  const layer = records.find(diffId);
  if (layer?.state !== 'settling') return;
  try {
    for (const donor of layer.donors) {
      const record = records.find(donor);
      if (record !== undefined && record.state !== 'durable') await syncFile(pathOf({ root }, record));
    }
    await syncFile(pathOf({ root }, layer));
    await syncDirectory(root);
    const { blocks } = await stat(pathOf({ root }, layer));
    records.settled(diffId, layer.file, blocks * 512);
  } catch (error) {
    // Removed or replaced meanwhile.
    if (isErrno(error, 'ENOENT') && records.find(diffId)?.file !== layer.file) return;
    log.error('a layer could not be written to the disk', { layer: diffId, error: String(error) });
    records.setState(diffId, layer.file, 'damaged');
  }
}

/** @throws as fdatasync(2) does */
export async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.datasync();
}
