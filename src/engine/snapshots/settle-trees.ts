import { join } from 'node:path';
import type { Log } from '#lib/log.ts';
import { syncFileSystem } from '#linux/sync-file-system.ts';
import { PARTS } from './context.ts';
import type { SnapshotRecords } from './records.ts';
import { syncTree } from './sync-tree.ts';

/**
 * Brings committed trees to the disk in the background. Until one is there its record says in which boot it was written: after a power cut it is
 * gone, and nothing stands on what may not be whole.
 */
export interface TreeSettler extends AsyncDisposable {
  /** @param inodes of the tree; very many if nobody has counted them */
  settle(directory: string, inodes?: number): void;
}

/** What comes right after a build, a first run mostly, has the disk for itself; steps that follow each other go together. */
const AFTER_MS = 2000;
/** Up to here it is quicker to sync files than to wait for all that others have written to the file system. */
const SYNCED_ONE_BY_ONE = 64;

export function createTreeSettler({
  root,
  records,
  log,
}: {
  root: string;
  records: SnapshotRecords;
  log: Log;
}): TreeSettler {
  /** Inodes by folder. */
  const waiting = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let working = Promise.resolve();
  const settleAll = async (): Promise<void> => {
    timer = undefined;
    const due = [...waiting];
    waiting.clear();
    const inodes = due.reduce((sum, [, count]) => sum + count, 0);
    if (inodes > SYNCED_ONE_BY_ONE) await syncFileSystem(root);
    for (const [directory] of due) {
      try {
        if (inodes <= SYNCED_ONE_BY_ONE) await syncTree(join(root, directory, PARTS.tree));
        records.settled(directory);
      } catch (error) {
        // What was removed meanwhile need not go there.
        if (records.nameOf(directory) !== undefined) throw error;
      }
    }
  };
  const work = (): void => {
    working = working.then(settleAll).catch((error: unknown) => {
      log.error('what builds left could not be written to the disk', { error: String(error) });
    });
  };
  return {
    settle(directory, inodes = Number.POSITIVE_INFINITY) {
      waiting.set(directory, inodes);
      timer ??= setTimeout(work, AFTER_MS).unref();
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      if (waiting.size > 0) work();
      await working;
    },
  };
}
