import { type Hub, type Listener, openHub, type Position } from './hub.ts';

/** A container's standard streams over its runs: who attaches before the start misses nothing. */
export interface Streams {
  /** From now on, or from the start of the next run. `end` is called when the run ends. */
  listen(listener: Listener): Disposable;
  /** Bytes of this run; undefined when its beginning was missed (the engine was started later). */
  position(): Position | undefined;
  /** Waits for the run to begin; dropped if there is none. */
  write(bytes: Uint8Array): Promise<void>;
  endInput(): Promise<void>;
  /** Connects to a run's supervisor. `fromStart`: nothing was written yet. @returns when all output was passed on */
  connect(path: string, options: { fromStart: boolean }): Promise<{ ended: Promise<void>; close(): void }>;
  /** There will be no run: who listens is told the end. */
  fail(): void;
}

export function createStreams(): Streams {
  const listeners = new Set<Listener>();
  let hub: Hub | undefined;
  let isWhole = false;
  let opening = Promise.withResolvers<Hub | undefined>();
  const end = (): void => {
    const told = [...listeners];
    listeners.clear();
    hub = undefined;
    opening.resolve(undefined);
    opening = Promise.withResolvers();
    for (const listener of told) listener.end();
  };
  return {
    listen(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    position: () => (isWhole ? hub?.position() : undefined),
    write: async (bytes) => (hub ?? (await opening.promise))?.write(bytes),
    endInput: async () => (hub ?? (await opening.promise))?.endInput(),
    async connect(path, { fromStart }) {
      const opened = await openHub(path);
      hub = opened;
      isWhole = fromStart;
      opening.resolve(opened);
      opened.listen({
        chunk: (bytes, stream) => {
          for (const listener of listeners) listener.chunk(bytes, stream);
        },
        end,
      });
      return { ended: opened.ended, close: () => opened.close() };
    },
    fail: end,
  };
}
