/** Mutual exclusion by key, first come first served. */
export interface KeyedLock {
  /** Waits for the key; release by disposing. @throws the reason of the signal, if it aborts while it waits */
  acquire(key: string, options?: { signal?: AbortSignal }): Promise<Disposable>;
}

export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<void>>();
  return {
    async acquire(key, { signal } = {}) {
      const before = tails.get(key);
      const { promise, resolve } = Promise.withResolvers<void>();
      tails.set(key, promise);
      const release = (): void => {
        if (tails.get(key) === promise) tails.delete(key);
        resolve();
      };
      try {
        await (before === undefined || signal === undefined ? before : unlessAborted(before, signal));
      } catch (error) {
        // Who comes behind still waits for who was before.
        void before?.then(release);
        throw error;
      }
      return { [Symbol.dispose]: release };
    },
  };
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<void>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
