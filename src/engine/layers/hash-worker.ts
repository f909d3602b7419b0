import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { Digest } from '#oci/digest.ts';
import { readRing } from './ring.ts';
import { END, fromEngine, type WorkerStart } from './worker-start.ts';
import type { Reply } from './worker-thread.ts';

// The thread that hashes a layer's tar. A job is an empty message; the tar comes through the ring.

const ring = fromEngine(workerData as WorkerStart);

parentPort?.on('message', (job: null | typeof END) => {
  if (job === END) {
    parentPort?.close();
    return;
  }
  const hash = createHash('sha256');
  for (const chunk of readRing(ring, 0)) hash.update(chunk);
  const done: Reply<Digest> = { done: `sha256:${hash.digest('hex')}` };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(done);
});
