import { type IdlePoolOptions, openIdlePool } from '#engine/layers/idle-pool.ts';
import type { HashedTar } from '#engine/layers/layer-store.ts';
import { startWorker, type WorkerThread } from '#engine/layers/worker-thread.ts';
import { InternalError } from '#lib/errors.ts';
import { createTurns } from '#lib/turns.ts';
import type { OverlayTree } from './hash-tree.ts';

/** Threads that hash trees, a tree each; those that come when all are busy wait for their turn. */
export interface TreeHashers extends AsyncDisposable {
  /** @throws {CancelledError} when the engine is being stopped */
  hash(tree: OverlayTree): Promise<HashedTar>;
}

export function openTreeHashers({ count = 2, ...options }: IdlePoolOptions = {}): TreeHashers {
  const pool = openIdlePool(startHasher, { count, ...options });
  const takeTurn = createTurns(count);
  return {
    async hash(tree) {
      using _ = await takeTurn();
      const thread = pool.take();
      if (thread === undefined) throw new InternalError('more threads hash than there are turns');
      try {
        return await thread.run(tree);
      } finally {
        pool.giveBack(thread);
      }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

function startHasher(): WorkerThread<OverlayTree, HashedTar> {
  return startWorker('tree-worker', undefined, '../snapshots/tree');
}
