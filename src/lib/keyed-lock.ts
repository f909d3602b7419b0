/** Mutual exclusion by key, first come first served. */
export interface KeyedLock {
  /** Waits for the key; release by disposing. */
  acquire(key: string): Promise<Disposable>;
}

export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<void>>();
  return {
    async acquire(key) {
      const before = tails.get(key);
      const { promise, resolve } = Promise.withResolvers<void>();
      tails.set(key, promise);
      await before;
      return {
        [Symbol.dispose]() {
          if (tails.get(key) === promise) tails.delete(key);
          resolve();
        },
      };
    },
  };
}
