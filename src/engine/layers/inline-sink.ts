import { createHash } from 'node:crypto';
import type { LayerSink, SinkTarget } from './ingest-layer.ts';
import { openLayerFile } from './open-layer-file.ts';

/** Writes and hashes in this thread. */
export function writeInline(target: SinkTarget): LayerSink {
  const file = openLayerFile(target);
  const hash = createHash('sha256');
  return {
    write(chunk) {
      hash.update(chunk);
      file.writer.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      return undefined;
    },
    finish: async () => ({ written: file.writer.finish(), diffId: `sha256:${hash.digest('hex')}` }),
    stop: async () => file[Symbol.dispose](),
  };
}
