import { closeSync, openSync } from 'node:fs';
import { createMatcher } from './dedupe/create-matcher.ts';
import type { SinkTarget } from './ingest-layer.ts';
import { createLayerWriter, type LayerWriter } from './layer-writer.ts';

/** A layer's file that is being written, and the donors it is compared with. */
export interface OpenLayerFile extends Disposable {
  writer: LayerWriter;
}

/** Makes the file; it must not be there yet. */
export function openLayerFile({ path, candidates }: SinkTarget): OpenLayerFile {
  using cleanup = new DisposableStack();
  const fd = openSync(path, 'wx+', 0o600);
  cleanup.defer(() => closeSync(fd));
  const matcher = candidates === undefined ? undefined : cleanup.use(createMatcher(candidates));
  const writer = createLayerWriter(fd, matcher);
  const held = cleanup.move();
  return { writer, [Symbol.dispose]: () => held.dispose() };
}
