import { closeSync, constants, openSync } from 'node:fs';
import { isErrno } from '#lib/files/file-error.ts';
import { createMatcher } from './dedupe/create-matcher.ts';
import type { SinkTarget } from './ingest-layer.ts';
import { createLayerWriter, type LayerWriter } from './layer-writer.ts';

/** A layer's file that is being written, and the donors it is compared with. */
export interface OpenLayerFile extends Disposable {
  writer: LayerWriter;
}

/**
 * Makes the file; it must not be there yet.
 * @param isDirect whether large chunks may be written past the page cache; their memory must begin with a page
 */
export function openLayerFile({ path, candidates }: SinkTarget, { isDirect = false } = {}): OpenLayerFile {
  using cleanup = new DisposableStack();
  const fd = openSync(path, 'wx+', 0o600);
  cleanup.defer(() => closeSync(fd));
  const directFd = isDirect ? openDirect(path) : undefined;
  if (directFd !== undefined) cleanup.defer(() => closeSync(directFd));
  const matcher = candidates === undefined ? undefined : cleanup.use(createMatcher(candidates));
  const writer = createLayerWriter({ fd, directFd }, matcher);
  const held = cleanup.move();
  return { writer, [Symbol.dispose]: () => held.dispose() };
}

/** A descriptor that goes around the page cache; undefined where the file system has no such thing. */
function openDirect(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_DIRECT);
  } catch (error) {
    if (isErrno(error, 'EINVAL')) return undefined;
    throw error;
  }
}
