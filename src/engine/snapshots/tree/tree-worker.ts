import { parentPort, workerData } from 'node:worker_threads';
import type { HashedTar } from '#engine/layers/layer-store.ts';
import { sendError } from '#engine/layers/worker-error.ts';
import { checkStart, END, type PlainStart } from '#engine/layers/worker-start.ts';
import type { Reply } from '#engine/layers/worker-thread.ts';
import { hashTree, type OverlayTree } from './hash-tree.ts';

// The thread that makes the tars of trees and hashes them. A job says which.

checkStart(workerData as PlainStart);

parentPort?.on('message', (job: OverlayTree | typeof END) => {
  if (job === END) {
    parentPort?.close();
    return;
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  void answer(job).then((reply) => parentPort?.postMessage(reply));
});

async function answer(job: OverlayTree): Promise<Reply<HashedTar>> {
  try {
    return { done: await hashTree(job) };
  } catch (error) {
    return { failed: sendError(error) };
  }
}
