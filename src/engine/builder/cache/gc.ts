import type { Log } from '#lib/log.ts';
import type { Pruned, PruneRule } from './prune.ts';

/** Keeps the cache within its rules, beside what else is done. */
export interface CacheGc extends AsyncDisposable {
  /** What was built may have made the cache too large. */
  want(): void;
}

/** Not while the next build may already begin. */
const DELAY_MS = 1000;
/** To look at everything has its price as well. */
const INTERVAL_MS = 30_000;

/** Applies the rules a moment after it is wanted, one run at a time and not too often. */
export function createCacheGc({
  rules,
  prune,
  log,
}: {
  rules: () => Promise<readonly PruneRule[]>;
  prune: (rule: PruneRule) => Promise<Pruned>;
  log: Log;
}): CacheGc {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let last = -Infinity;
  let isClosed = false;
  const run = async (): Promise<void> => {
    try {
      let [count, bytes] = [0, 0];
      for (const rule of await rules()) {
        if (isClosed) return;
        const pruned = await prune(rule);
        count += pruned.records.length;
        bytes += pruned.bytes;
      }
      if (count > 0) log.info('build cache was made smaller', { records: count, bytes });
    } catch (error) {
      log.warn('the build cache could not be made smaller', { error: String(error) });
    }
  };
  return {
    want() {
      if (timer !== undefined || isClosed) return;
      const delay = Math.max(DELAY_MS, last + INTERVAL_MS - performance.now());
      timer = setTimeout(() => {
        timer = undefined;
        last = performance.now();
        running = running.then(run);
      }, delay).unref();
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
