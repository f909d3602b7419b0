import type { PlacedLayer } from '#engine/images/layer-bytes.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { epochOf } from '../stages/epoch.ts';
import { statementsOf } from './attest/statements.ts';
import type { BuiltImage } from './built-image.ts';
import { clampConfig } from './clamp-config.ts';
import { compose, type Composed, type Part } from './compose.ts';
import { type Delivery, within } from './exporting.ts';
import type { ImageOptions } from './image-options.ts';
import type { LayerForm } from './layer-forms.ts';
import { rewriteLayers } from './rewrite-layers.ts';

/** A result as an image of OCI: documents, and how to get at the bytes of its layers. */
export interface PackagedImage {
  composed: Composed;
  /** By digest as delivered. */
  layers: ReadonlyMap<Digest, LayerForm>;
  built: readonly BuiltImage[];
}

export interface PackageOptions {
  /** In which form a layer is delivered. */
  formOf: (layer: PlacedLayer, built: BuiltImage) => Promise<LayerForm>;
  /** What is only said inside an image is said here. */
  isInline: boolean;
}

/** Makes the image of a result: of one platform, or an index of several. */
export async function packageImage(
  delivery: Delivery,
  options: ImageOptions,
  { formOf, isInline }: PackageOptions,
): Promise<PackagedImage> {
  const { vertex, request } = delivery;
  const built = await Promise.all((await delivery.sealed()).map(async (sealed) => atEpoch(delivery, sealed, options)));
  const layers = new Map<Digest, LayerForm>();
  const described = await within(vertex, 'exporting layers', () =>
    Promise.all(
      built.map((image) =>
        Promise.all(
          image.layers.map(async (layer): Promise<Descriptor> => {
            const form = await formOf(layer, image);
            layers.set(form.descriptor.digest, form);
            return form.descriptor;
          }),
        ),
      ),
    ),
  );
  const statements = await statementsOf(delivery, built, { isInline, names: options.names, layers: described });
  const parts = await Promise.all(
    built.map(async (image, index): Promise<Part> => ({
      platform: image.result.platform,
      config: image.config,
      extra: (await delivery.inlineCache?.(image.result, image)) ?? {},
      layers: described[index] ?? [],
      statements: (manifest) => statements[index]?.(manifest) ?? [],
    })),
  );
  const isIndex = request.multiPlatform || built.length > 1 || statements.length > 0;
  const composed = compose(parts, { ...options, isIndex, isAttested: statements.length > 0 });
  for (const { descriptor } of composed.manifests)
    await within(vertex, `exporting ${kindOf(descriptor)} ${descriptor.digest}`, async () => {});
  return { composed, layers, built };
}

function kindOf({ annotations, mediaType }: Descriptor): string {
  if (annotations?.['vnd.docker.reference.type'] !== undefined) return 'attestation manifest';
  return /index|manifest\.list/.test(mediaType) ? 'manifest list' : 'manifest';
}

/** As it would have come out at the point in time that the build is for. */
async function atEpoch(delivery: Delivery, sealed: BuiltImage, options: ImageOptions): Promise<BuiltImage> {
  const { context, signal, vertex } = delivery;
  const epoch = options.epoch ?? (await epochOf(sealed.result.build));
  if (epoch === undefined) {
    if (options.rewritesTimes)
      vertex.note('[Warning] rewrite-timestamp has no effect: the build is for no point in time (SOURCE_DATE_EPOCH)');
    return sealed;
  }
  const clamped = { ...sealed, config: clampConfig(sealed, epoch) };
  if (!options.rewritesTimes) return clamped;
  const when = new Date(epoch * 1000).toISOString();
  return within(vertex, `rewriting layers with source-date-epoch ${epoch} (${when})`, () =>
    rewriteLayers(context, clamped, { epoch, signal }),
  );
}
