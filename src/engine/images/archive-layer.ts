import { createHash } from 'node:crypto';
import type { IngestedLayer, LayerStore } from '#engine/layers/layer-store.ts';
import { decompress } from '#lib/compression/decompress.ts';
import { detectCompression } from '#lib/compression/detect.ts';
import type { Digest } from '#oci/digest.ts';
import { LAYER_LIMIT_BYTES } from './limits.ts';

/** A layer of an archive, in the layer store under no name yet; gone when disposed without `commit`. */
export interface ArchiveLayer extends AsyncDisposable {
  diffId: Digest;
  /** Bytes of the tar without compression. */
  tarBytes: number;
  /** Of its bytes as the archive has them. */
  digest: Digest;
  /** Of the same. */
  size: number;
  /** Gives it its name; done before, nothing is done again. */
  commit(): Promise<void>;
}

/**
 * Takes a layer in as it passes by, in any compression; nothing of it is written twice.
 * @param head the first bytes of it, which `rest` goes on from
 */
export async function takeArchiveLayer(
  layers: LayerStore,
  { head, rest }: { head: Buffer; rest: AsyncIterator<Buffer> },
  { signal }: { signal: AbortSignal | undefined },
): Promise<ArchiveLayer> {
  const isPlain = detectCompression(head) === 'none';
  const stored = passing({ head, rest, isHashed: !isPlain });
  const limitBytes = LAYER_LIMIT_BYTES;
  const ingested = await layers.ingest(isPlain ? stored : decompress(stored, { limitBytes }), { limitBytes, signal });
  // Bytes behind the end of a compressed stream belong to the file as well.
  for await (const _ of stored);
  let committed: Promise<unknown> | undefined;
  return {
    diffId: ingested.diffId,
    tarBytes: ingested.tarBytes,
    digest: isPlain ? ingested.diffId : stored.digest(),
    size: stored.size(),
    commit: async () => void (await (committed ??= ingested.commit())),
    [Symbol.asyncDispose]: () => dispose(ingested),
  };
}

async function dispose(ingested: IngestedLayer): Promise<void> {
  await ingested[Symbol.asyncDispose]();
}

/** Can be read on after a reader stopped early. */
function passing({
  head,
  rest,
  isHashed,
}: {
  head: Buffer;
  rest: AsyncIterator<Buffer>;
  isHashed: boolean;
}): AsyncIterable<Buffer> & { digest(): Digest; size(): number } {
  const hash = createHash('sha256');
  let first: Buffer | undefined = head;
  let size = 0;
  const next = async (): Promise<IteratorResult<Buffer>> => {
    const result: IteratorResult<Buffer> = first === undefined ? await rest.next() : { done: false, value: first };
    first = undefined;
    if (result.done !== true) size += result.value.length;
    if (isHashed && result.done !== true) hash.update(result.value);
    return result;
  };
  return {
    [Symbol.asyncIterator]: () => ({ next }),
    digest: () => `sha256:${hash.copy().digest('hex')}`,
    size: () => size,
  };
}
