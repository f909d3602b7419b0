import { CancelledError, NotFoundError } from '#lib/errors.ts';

/** Outputs of builds that wait until their client fetches them. */
export interface Handoffs {
  /** Settles when the client has all of it. @throws what breaks the way; {CancelledError} at the signal */
  offer(name: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** @throws {NotFoundError} */
  take(name: string): Handoff;
}

/** Bytes on their way. One of the two is to be called. */
export interface Handoff {
  bytes: AsyncIterable<Uint8Array>;
  done(): void;
  failed(error: unknown): void;
}

export function createHandoffs(): Handoffs {
  const waiting = new Map<string, Handoff>();
  return {
    async offer(name, bytes, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const cancel = (): void => reject(new CancelledError('build cancelled', { cause: signal.reason }));
      signal.addEventListener('abort', cancel, { once: true });
      waiting.set(name, { bytes, done: resolve, failed: reject });
      try {
        signal.throwIfAborted();
        await promise;
      } finally {
        signal.removeEventListener('abort', cancel);
        waiting.delete(name);
      }
    },
    take(name) {
      const found = waiting.get(name);
      if (found === undefined)
        throw new NotFoundError('no output of that build waits to be fetched', {
          why: `${name} is unknown, or was fetched already`,
        });
      waiting.delete(name);
      return found;
    },
  };
}
