import { Worker } from 'node:worker_threads';

/** Ends the process when an input keeps its thread busy for ever, and says which one it was. */
export interface Watchdog extends Disposable {
  /** The input of this number begins. */
  alive(round: number): void;
}

const PATIENCE_MS = 180_000;

/** Watches from another thread: the one that hangs can say nothing. */
export function startWatchdog(): Watchdog {
  const shared = new SharedArrayBuffer(4);
  const state = new Int32Array(shared);
  const thread = new URL('watchdog-thread.ts', import.meta.url);
  const worker = new Worker(thread, { workerData: { shared, patienceMs: PATIENCE_MS } });
  worker.unref();
  return {
    alive: (round) => void Atomics.store(state, 0, round),
    [Symbol.dispose]: () => void worker.terminate(),
  };
}
