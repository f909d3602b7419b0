import { CancelledError } from '#lib/errors.ts';

/** Something that threads run in, one job at a time. */
interface Pooled {
  readonly isAlive: boolean;
  end(): Promise<void>;
}

/** Threads that are started when there is work for them, and end when nothing came for a while. */
export interface IdlePool<T> extends AsyncDisposable {
  /** @returns undefined if all are busy */
  take(): T | undefined;
  /** Done twice, nothing is done again. */
  giveBack(one: T): void;
}

export interface IdlePoolOptions {
  /** At a time. */
  count?: number;
  /** After so long without work one ends. */
  idleMs?: number;
}

export function openIdlePool<T extends Pooled>(
  start: () => T,
  { count = 2, idleMs = 5000 }: IdlePoolOptions = {},
): IdlePool<T> {
  const idle = new Map<T, NodeJS.Timeout>();
  const busy = new Set<T>();
  const ending = new Set<Promise<void>>();
  let isClosed = false;
  const retire = (one: T): void => {
    clearTimeout(idle.get(one));
    idle.delete(one);
    const ended = one.end().finally(() => ending.delete(ended));
    ending.add(ended);
  };
  return {
    take() {
      if (isClosed) throw new CancelledError('the engine is being stopped');
      if (busy.size >= count) return undefined;
      for (const one of idle.keys()) if (!one.isAlive) retire(one);
      const [rested] = idle.keys();
      const taken = rested ?? start();
      clearTimeout(idle.get(taken));
      idle.delete(taken);
      busy.add(taken);
      return taken;
    },
    giveBack(one) {
      if (!busy.delete(one)) return;
      if (one.isAlive) idle.set(one, setTimeout(() => retire(one), idleMs).unref());
      else retire(one);
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      const all = [...idle.keys(), ...busy];
      for (const timer of idle.values()) clearTimeout(timer);
      idle.clear();
      busy.clear();
      // Those that ended on their own account are waited for as well: no thread is left when this settles.
      await Promise.all([...ending, ...all.map((one) => one.end())]);
    },
  };
}
