import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open as openFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compressedType, type Compression, compressLayer } from '#engine/images/compress-layer.ts';
import { layerBytes, streamLayer } from '#engine/images/layer-bytes.ts';
import { DataLossError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import type { BuilderContext } from '../build-run.ts';
import type { Vertex } from '../progress/events.ts';
import type { CachePlace } from './cache-place.ts';

/** Writing blobs of a cache. */
export interface CacheWriting {
  context: BuilderContext;
  place: CachePlace;
  scratch: string;
  /** Undefined for layers as plain tars. */
  compression: Compression | undefined;
  vertex: Vertex;
  signal: AbortSignal;
}

type OpenBytes = () => Promise<AsyncIterable<Uint8Array>>;

/** Writes a layer unless it is there. @returns how it is there */
export async function writeBlob(
  writing: CacheWriting,
  { diffId, name, isOci }: { diffId: Digest; name: string; isOci: boolean },
): Promise<Descriptor> {
  const { context, place, compression, signal } = writing;
  const { layerFiles: layers, snapshots } = context;
  const { blobs } = context.images.context;
  const plainType = isOci ? MEDIA_TYPES.ociLayer : MEDIA_TYPES.dockerLayer;
  const read: OpenBytes = () => streamLayer({ layers, snapshots }, { diffId, name });
  if (compression === undefined) {
    const size = await layerBytes({ layers, snapshots }, { diffId, name });
    if (size === undefined) throw new DataLossError(`layer ${diffId} is gone`);
    return send(writing, { mediaType: plainType, digest: diffId, size }, read);
  }
  const mediaType = compressedType(plainType, compression.kind);
  const known = blobs.find(diffId, compression);
  if (known !== undefined && (await place.has(known.digest)) === true) return { mediaType, ...known };
  await using spooled = await spool(writing.scratch, compressLayer(await read(), compression, { signal }));
  const { digest, size } = spooled;
  blobs.remember(diffId, compression, { digest, size });
  return await send(writing, { mediaType, digest, size }, spooled.open);
}

/** Writes what is not there, and tells how far it is. */
export async function send(
  { place, vertex }: Pick<CacheWriting, 'place' | 'vertex'>,
  ...[blob, open]: [blob: Descriptor, open: OpenBytes]
): Promise<Descriptor> {
  const { digest: id, size: total } = blob;
  const started = Date.now();
  const tell = (current: number, completed?: number): void =>
    vertex.status({ id: `writing layer ${id}`, current, total, started, completed });
  if ((await place.has(id)) !== true)
    await place.write(blob, async () => {
      tell(0);
      return counted(await open(), tell);
    });
  tell(total, Date.now());
  return blob;
}

const TELL_MS = 200;

async function* counted(
  source: AsyncIterable<Uint8Array>,
  tell: (current: number) => void,
): AsyncGenerator<Uint8Array> {
  let current = 0;
  let last = performance.now();
  for await (const chunk of source) {
    yield chunk;
    current += chunk.byteLength;
    if (performance.now() - last < TELL_MS) continue;
    last = performance.now();
    tell(current);
  }
}

/** Bytes in a file until disposed: some must be named by their digest before they are sent. */
export async function spool(
  scratch: string,
  source: AsyncIterable<Uint8Array>,
): Promise<{ digest: Digest; size: number; open: OpenBytes } & AsyncDisposable> {
  const folder = await mkdtemp(join(scratch, 'blob-'));
  const path = join(folder, 'blob');
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const hash = createHash('sha256');
    let size = 0;
    await using file = await openFile(path, 'wx', 0o600);
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.byteLength;
      await file.writeFile(chunk);
    }
    const digest: Digest = `sha256:${hash.digest('hex')}`;
    return { digest, size, open: async () => createReadStream(path), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
