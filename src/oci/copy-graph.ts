import { InvalidArgumentError, TooLargeError } from '#lib/errors.ts';
import type { Descriptor } from './descriptor.ts';
import { isIndexType, isManifestType } from './media-type.ts';
import { isIndex, type Manifest, type Index, parseManifestOrIndex } from './manifest.ts';

/** Where a graph of content is read: a registry, an archive, a layout, the engine's store. */
export interface ContentSource {
  /** @throws {NotFoundError} */
  open(descriptor: Descriptor, options: { signal?: AbortSignal | undefined }): Promise<AsyncIterable<Uint8Array>>;
}

/** Where it is written. Children come before their parent, so that a parent which is there is whole. */
export interface ContentTarget {
  /** `parent` is the manifest a config or layer belongs to. */
  has(descriptor: Descriptor, options?: { parent?: Manifest }): Promise<boolean>;
  /** `parent` is the manifest a config or layer belongs to. The target verifies digest and size. */
  write(
    descriptor: Descriptor,
    content: AsyncIterable<Uint8Array>,
    options: { signal?: AbortSignal | undefined; parent?: Manifest },
  ): Promise<void>;
}

export interface CopyOptions {
  /** Which children of an index are copied; all if absent. */
  select?: (index: Index) => Descriptor[];
  /** Layers at a time; largest first. */
  concurrency?: number;
  signal?: AbortSignal | undefined;
}

const DOCUMENT_LIMIT_BYTES = 4 * 1024 * 1024;

/** Copies the content that `root` points at, itself last; what the target has is not read again. One walk for load, save, pull, push and copy. */
export async function copyGraph(
  { source, target }: { source: ContentSource; target: ContentTarget },
  root: Descriptor,
  options: CopyOptions = {},
): Promise<void> {
  const { signal } = options;
  if (!isIndexType(root.mediaType) && !isManifestType(root.mediaType)) {
    await copyBlob({ source, target }, root, { signal });
    return;
  }
  if (root.size > DOCUMENT_LIMIT_BYTES)
    throw new TooLargeError(`document ${root.digest} has ${root.size} bytes, more than ${DOCUMENT_LIMIT_BYTES}`);
  const bytes = await collect(await source.open(root, { signal }), root.size + 1);
  if (bytes.length !== root.size)
    throw new InvalidArgumentError(
      `document ${root.digest} has ${bytes.length > root.size ? 'more' : 'fewer'} bytes than the ${root.size} of its descriptor`,
    );
  const document = parseManifestOrIndex(bytes, root.mediaType);
  if (isIndex(document)) {
    const children = options.select?.(document) ?? document.manifests;
    for (const child of children) await copyGraph({ source, target }, child, options);
  } else {
    await copyBlob({ source, target }, document.config, { signal, parent: document });
    await copyLayers({ source, target }, document, options);
  }
  if (!(await target.has(root))) await target.write(root, once(bytes), { signal });
}

/** The first failure stops the others; it is thrown when all have ended, so that nothing goes on behind it. */
async function copyLayers(
  ends: { source: ContentSource; target: ContentTarget },
  manifest: Manifest,
  { concurrency = 2, signal }: CopyOptions,
): Promise<void> {
  const waiting = manifest.layers.toSorted((a, b) => b.size - a.size);
  const stop = new AbortController();
  const own = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const worker = async (): Promise<void> => {
    for (let layer = waiting.shift(); layer !== undefined; layer = waiting.shift())
      await copyBlob(ends, layer, { signal: own, parent: manifest });
  };
  const failures: unknown[] = [];
  const failed = (error: unknown): void => {
    failures.push(error);
    stop.abort(error);
  };
  await Promise.all(Array.from({ length: concurrency }, async () => worker().catch(failed)));
  if (failures.length > 0) throw failures[0];
}

async function copyBlob(
  { source, target }: { source: ContentSource; target: ContentTarget },
  descriptor: Descriptor,
  options: { signal?: AbortSignal | undefined; parent?: Manifest },
): Promise<void> {
  options.signal?.throwIfAborted();
  if (await target.has(descriptor, options)) return;
  await target.write(descriptor, await source.open(descriptor, options), options);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The first bytes, at most so many. */
async function collect(content: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of content) {
    const piece = chunk.subarray(0, limitBytes - length);
    chunks.push(piece);
    length += piece.byteLength;
    if (length === limitBytes) break;
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
