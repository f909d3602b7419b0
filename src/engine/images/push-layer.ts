import { createHash } from 'node:crypto';
import { InternalError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import type { Repository } from '#registry/client/registry.ts';
import { compressedType, compressLayer, DEFAULT_COMPRESSION } from './compress-layer.ts';
import { layerBytes, type LayerPlaces, type PlacedLayer, readLayer } from './layer-bytes.ts';
import type { LayerBlobs } from './layer-blobs.ts';
import type { PushReport } from './push-report.ts';

export interface PushLayerDeps {
  places: LayerPlaces & { blobs: LayerBlobs };
  repository: Repository;
  report: PushReport;
}

export interface LayerToPush extends PlacedLayer {
  /** As the image's manifest describes it: compressed somewhere else, or as it is stored. */
  known: Descriptor;
  /** Repositories of the same registry that may have it. */
  sources: readonly string[];
}

/** @returns how the registry has the layer now */
export async function pushLayer(
  { places, repository, report }: PushLayerDeps,
  { diffId, name, known, sources }: LayerToPush,
  { signal }: { signal: AbortSignal },
): Promise<Descriptor> {
  const { mediaType, digest } = known;
  const compression = places.blobs.compressionOf(diffId, digest) ?? DEFAULT_COMPRESSION;
  const before = places.blobs.find(diffId, compression);
  const sentType = compressedType(mediaType, compression.kind);
  const forms = [
    known,
    ...(before === undefined || before.digest === digest ? [] : [{ mediaType: sentType, ...before }]),
  ];
  for (const form of forms) {
    if ((await repository.headBlob(form.digest)) === undefined) continue;
    report.layer(diffId, 'Layer already exists');
    return form;
  }
  // Nobody has plain tars.
  for (const form of forms.filter((one) => one.digest !== diffId))
    for (const from of sources) {
      if (!(await repository.mountBlob({ digest: form.digest, from }).catch(() => false))) continue;
      report.layer(diffId, `Mounted from ${from}`);
      return form;
    }
  const total = (await layerBytes(places, { diffId, name })) ?? 0;
  const sent = { hash: createHash('sha256'), bytes: 0 };
  const open = async (): Promise<AsyncIterable<Uint8Array>> => {
    sent.hash = createHash('sha256');
    sent.bytes = 0;
    const plain = await readLayer(places, { diffId, name }, { signal });
    const read = counted(plain, (current) => report.bytes(diffId, { current, total }));
    return measured(compressLayer(read, compression, { signal }), sent);
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
  const blob = { digest: pushed, size: sent.bytes };
  places.blobs.remember(diffId, compression, blob);
  return { mediaType: sentType, ...blob };
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onBytes: (current: number) => void,
): AsyncGenerator<Uint8Array> {
  let current = 0;
  for await (const chunk of source) {
    // Who reads it may give its memory back.
    current += chunk.byteLength;
    yield chunk;
    onBytes(current);
  }
}

async function* measured(
  source: AsyncIterable<Uint8Array>,
  sent: { hash: ReturnType<typeof createHash>; bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    sent.hash.update(chunk);
    sent.bytes += chunk.byteLength;
    yield chunk;
  }
}
