import { parentPort, workerData } from 'node:worker_threads';
import { CancelledError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import type { WrittenLayer } from './finish-layer.ts';
import type { SinkTarget } from './ingest-layer.ts';
import { openLayerFile } from './open-layer-file.ts';
import { readRing } from './ring.ts';
import { sendError } from './worker-error.ts';
import { fromEngine, type WorkerStart } from './worker-start.ts';
import type { Reply } from './worker-thread.ts';

// The thread that writes a layer's file. A job says which; the tar comes through the ring.

const ring = fromEngine(workerData as WorkerStart);

parentPort?.on('message', (target: SinkTarget) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(writeLayer(target));
});

function writeLayer(target: SinkTarget): Reply<WrittenLayer> {
  const chunks = readRing(ring, 1);
  try {
    using file = openLayerFile(target);
    for (let next = chunks.next(); ; next = chunks.next()) {
      if (next.done !== true) file.writer.push(next.value);
      else if (next.value) return { done: file.writer.finish() };
      else throw new CancelledError('writing a layer was cancelled');
    }
  } catch (error) {
    return { failed: sendError(fileError(error, target.path)) };
  } finally {
    chunks.return(false);
  }
}
