import { type Hub, type Listener, openHub, type Position } from './hub.ts';

/** A byte of a log file, which may be renamed meanwhile. */
export interface LogPlace {
  inode: number;
  offset: number;
}

/** How far a run's output has come, and where its log begins. */
export interface Progress {
  written: Position;
  start: LogPlace;
}

/** A container's standard streams over its runs: who attaches before the start misses nothing. */
export interface Streams {
  /** From now on, or from the start of the next run. `end` is called when the run ends. */
  listen(listener: Listener): Disposable;
  /** Of this run; undefined when there is none, or its beginning was missed (the engine was started later). */
  progress(): Progress | undefined;
  /** As the hub's; without a run nothing happens. */
  flow(on: boolean): void;
  /** Waits for the run to begin; dropped if there is none. */
  write(bytes: Uint8Array): Promise<void>;
  endInput(): Promise<void>;
  /** Connects to a run's supervisor. `start` is given when nothing was written yet. @returns when all output was passed on */
  connect(path: string, options?: { start: LogPlace | undefined }): Promise<{ ended: Promise<void>; close(): void }>;
  /** There will be no run: who listens is told the end. */
  fail(): void;
}

export function createStreams(): Streams {
  const listeners = new Set<Listener>();
  let hub: Hub | undefined;
  let start: LogPlace | undefined;
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
    progress: () => (start === undefined || hub === undefined ? undefined : { written: hub.position(), start }),
    flow: (on) => hub?.flow(on),
    write: async (bytes) => (hub ?? (await opening.promise))?.write(bytes),
    endInput: async () => (hub ?? (await opening.promise))?.endInput(),
    async connect(path, options) {
      const opened = await openHub(path);
      hub = opened;
      start = options?.start;
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
