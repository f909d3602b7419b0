import { parentPort, workerData } from 'node:worker_threads';
import { CancelledError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import type { WrittenLayer } from './finish-layer.ts';
import type { SinkTarget } from './ingest-layer.ts';
import { openLayerFile } from './open-layer-file.ts';
import { readRing } from './ring.ts';
import { sendError } from './worker-error.ts';
import { END, fromEngine, type WorkerStart } from './worker-start.ts';
import type { Reply } from './worker-thread.ts';

// The thread that writes a layer's file. A job says which; the tar comes through the ring.

const ring = fromEngine(workerData as WorkerStart);

/** Chunks that are being written while the next ones are read. */
const UNDER_WAY = 2;

parentPort?.on('message', (target: SinkTarget | typeof END) => {
  if (target === END) {
    parentPort?.close();
    return;
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  void writeLayer(target).then((reply) => parentPort?.postMessage(reply));
});

async function writeLayer(target: SinkTarget): Promise<Reply<WrittenLayer>> {
  const chunks = readRing(ring, 1, { lag: UNDER_WAY });
  try {
    return { done: await writeChunks(target, chunks) };
  } catch (error) {
    return { failed: sendError(fileError(error, target.path)) };
  } finally {
    chunks.return(false);
  }
}

async function writeChunks(target: SinkTarget, chunks: Generator<Buffer, boolean>): Promise<WrittenLayer> {
  using file = openLayerFile(target, { isDirect: true });
  const { writer } = file;
  try {
    let next = chunks.next();
    for (; next.done !== true; next = chunks.next()) {
      writer.push(next.value);
      await writer.settle(UNDER_WAY);
    }
    if (!next.value) throw new CancelledError('writing a layer was cancelled');
    await writer.settle(0);
    return writer.finish();
  } finally {
    await writer.settle(0).catch(() => {}); // no descriptor is closed under a write; the first failure is told
  }
}
