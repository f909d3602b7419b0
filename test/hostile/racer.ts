import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Somebody who swaps a folder and a symbolic link of the same name as fast as a thread can. */
export interface Racer extends AsyncDisposable {
  /** How often that was done. */
  swaps(): number;
}

/** Begins to swap `path` between a folder and a link to `target`. */
export async function startRacer(path: string, target: string): Promise<Racer> {
  const shared = new SharedArrayBuffer(8);
  const state = new Int32Array(shared);
  const worker = new Worker(new URL('racer-thread.ts', import.meta.url), { workerData: { path, target, shared } });
  await once(worker, 'online');
  return {
    swaps: () => Atomics.load(state, 0),
    async [Symbol.asyncDispose]() {
      Atomics.store(state, 1, 1);
      await once(worker, 'exit');
    },
  };
}
