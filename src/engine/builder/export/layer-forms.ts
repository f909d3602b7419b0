import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Compression, compressedType, compressLayer } from '#engine/images/compress-layer.ts';
import { layerBytes, type PlacedLayer, streamLayer } from '#engine/images/layer-bytes.ts';
import { CancelledError, DataLossError } from '#lib/errors.ts';
import { writeNew } from '#lib/files/write-new.ts';
import { createTurns } from '#lib/turns.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { type Digest, hexOf } from '#oci/digest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import type { BuilderContext } from '../build-run.ts';

/** A layer as it is delivered. */
export interface LayerForm {
  descriptor: Descriptor;
  /** Its bytes, as often as they are needed. Pieces belong to the reader. */
  open: () => Promise<AsyncIterable<Uint8Array>>;
}

/** Layers in the forms that outputs ask for; each is compressed once. What was compressed is gone when disposed. */
export interface LayerForms extends AsyncDisposable {
  /** @throws {DataLossError} if the layer is gone; {UnavailableError} when the disk is full; {CancelledError} */
  form(layer: PlacedLayer, compression: Compression | undefined): Promise<LayerForm>;
  /** What it is in this form, if it was made before; its bytes are made when they are read. */
  remembered(layer: PlacedLayer, compression: Compression): LayerForm | undefined;
}

const AT_A_TIME = 2;
const READ_BYTES = 1024 * 1024;

interface Forms {
  context: BuilderContext;
  folder: () => Promise<string>;
  signal: AbortSignal;
  made: Map<string, Promise<LayerForm>>;
  turn: () => Promise<Disposable>;
}

/** @param signal ends what is under way */
export function openLayerForms(context: BuilderContext, signal: AbortSignal): LayerForms {
  let place: Promise<string> | undefined;
  const folder = (): Promise<string> => (place ??= mkdtemp(join(context.root, 'build-export-')));
  const forms: Forms = { context, folder, signal, made: new Map(), turn: createTurns(AT_A_TIME) };
  const form: LayerForms['form'] = async (layer, compression) => {
    if (compression === undefined) return plainForm(context, layer);
    const key = `${layer.diffId} ${compression.kind} ${compression.level}`;
    const known = forms.made.get(key) ?? compressed(forms, layer, compression);
    known.catch(() => {});
    forms.made.set(key, known);
    return known;
  };
  return {
    form,
    remembered(layer, compression) {
      const blob = context.images.context.blobs.find(layer.diffId, compression);
      if (blob === undefined) return undefined;
      const mediaType = compressedType(MEDIA_TYPES.ociLayer, compression.kind);
      const made = async (): Promise<LayerForm> => {
        const anew = await form(layer, compression);
        if (anew.descriptor.digest === blob.digest) return anew;
        throw new DataLossError(`layer ${layer.diffId} was compressed to other bytes than before`, {
          hint: 'build again',
        });
      };
      return { descriptor: { mediaType, ...blob }, open: async () => (await made()).open() };
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(forms.made.values());
      if (place !== undefined) await rm(await place, { recursive: true, force: true });
    },
  };
}

async function plainForm({ layerFiles, snapshots }: BuilderContext, layer: PlacedLayer): Promise<LayerForm> {
  const places = { layers: layerFiles, snapshots };
  const size = await layerBytes(places, layer);
  if (size === undefined) throw new DataLossError(`layer ${layer.diffId} is gone`, { hint: 'build again' });
  return {
    descriptor: { mediaType: MEDIA_TYPES.ociLayer, digest: layer.diffId, size },
    open: () => streamLayer(places, layer),
  };
}

async function compressed(
  { context, folder, signal, turn }: Forms,
  layer: PlacedLayer,
  compression: Compression,
): Promise<LayerForm> {
  using _ = await turn();
  if (signal.aborted) throw new CancelledError('the export was cancelled', { cause: signal.reason });
  const path = join(await folder(), `${hexOf(layer.diffId)}-${compression.kind}-${compression.level}`);
  const tar = await streamLayer({ layers: context.layerFiles, snapshots: context.snapshots }, layer);
  const blob = await writeBlob(path, compressLayer(tar, compression, { signal }));
  context.images.context.blobs.remember(layer.diffId, compression, blob);
  return {
    descriptor: { mediaType: compressedType(MEDIA_TYPES.ociLayer, compression.kind), ...blob },
    open: async () => createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>,
  };
}

async function writeBlob(path: string, bytes: AsyncIterable<Buffer>): Promise<{ digest: Digest; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  const measured = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  await writeNew(path, measured(), { mode: 0o600 });
  return { digest: `sha256:${hash.digest('hex')}`, size };
}
