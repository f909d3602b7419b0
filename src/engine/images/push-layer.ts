import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { InternalError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import type { Repository } from '#registry/client/registry.ts';
import { layerBytes, type LayerPlaces, type PlacedLayer, readLayer } from './layer-bytes.ts';
import type { PushReport } from './push-report.ts';

export interface PushLayerDeps {
  places: LayerPlaces;
  repository: Repository;
  report: PushReport;
}

export interface LayerToPush extends PlacedLayer {
  /** As the image's manifest describes it: compressed somewhere else, or as it is stored. */
  known: Descriptor;
  /** Repositories of the same registry that may have it. */
  sources: readonly string[];
}

/** Always the same, so that a layer has one digest however often it is compressed. */
const GZIP_LEVEL = 6;
const CHUNK_BYTES = 1024 * 1024;

/** @returns how the registry has the layer now */
export async function pushLayer(
  { places, repository, report }: PushLayerDeps,
  { diffId, name, known, sources }: LayerToPush,
  { signal }: { signal: AbortSignal },
): Promise<Descriptor> {
  const { mediaType, digest } = known;
  const isCompressed = digest !== diffId;
  if ((await repository.headBlob(digest)) !== undefined) {
    report.layer(diffId, 'Layer already exists');
    return known;
  }
  for (const from of isCompressed ? sources : []) {
    if (!(await repository.mountBlob({ digest, from }).catch(() => false))) continue;
    report.layer(diffId, `Mounted from ${from}`);
    return known;
  }
  const total = (await layerBytes(places, { diffId, name })) ?? 0;
  const sent = { hash: createHash('sha256'), bytes: 0 };
  const open = async (): Promise<AsyncIterable<Uint8Array>> => {
    sent.hash = createHash('sha256');
    sent.bytes = 0;
    const plain = await readLayer(places, { diffId, name }, { signal });
    return compress(
      counted(plain, (current) => report.bytes(diffId, { current, total })),
      { sent, signal },
    );
  };
  let pushed: Digest | undefined;
  await repository.uploadBlob({
    open,
    digest: () => {
      pushed = `sha256:${sent.hash.digest('hex')}`;
      return pushed;
    },
  });
  if (pushed === undefined) throw new InternalError(`layer ${diffId} was sent without a digest`);
  report.layer(diffId, 'Pushed');
  return { mediaType: gzipType(mediaType), digest: pushed, size: sent.bytes };
}

function gzipType(mediaType: string): string {
  return mediaType.startsWith('application/vnd.docker.') ? MEDIA_TYPES.dockerLayerGzip : MEDIA_TYPES.ociLayerGzip;
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onBytes: (current: number) => void,
): AsyncGenerator<Uint8Array> {
  let current = 0;
  for await (const chunk of source) {
    yield chunk;
    current += chunk.byteLength;
    onBytes(current);
  }
}

async function* compress(
  source: AsyncIterable<Uint8Array>,
  { sent, signal }: { sent: { hash: ReturnType<typeof createHash>; bytes: number }; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const gzip = createGzip({ level: GZIP_LEVEL, chunkSize: CHUNK_BYTES });
  const fed = pipeline(Readable.from(source, { objectMode: false }), gzip, { signal });
  // The reader below sees the failure.
  fed.catch(() => {});
  for await (const chunk of gzip as AsyncIterable<Buffer>) {
    sent.hash.update(chunk);
    sent.bytes += chunk.length;
    yield chunk;
  }
  await fed;
}
