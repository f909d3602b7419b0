import type { Image } from '#engine/images/image.ts';
import { manifestOf, plainLayers } from '#engine/images/store-source.ts';
import { sha256 } from '#lib/sha256.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import type { BuilderContext } from '../build-run.ts';
import { configOf } from './config-of.ts';
import type { StageState } from '../stages/stage-state.ts';

/** Makes the image of a stage's state: waits for the layers' hashes, writes config and manifest, names it. */
export async function finishImage(context: BuilderContext, state: StageState, tags: readonly string[]): Promise<Image> {
  const { content, images } = context;
  const diffIds = await context.layers.seal(state.layers);
  const config = Buffer.from(JSON.stringify(configOf(state, diffIds)));
  const { descriptor, bytes } = manifestOf({
    config: { mediaType: MEDIA_TYPES.ociConfig, digest: sha256(config), size: config.length },
    layers: await plainLayers({ layers: context.layerFiles, snapshots: context.snapshots }, diffIds),
  });
  await content.write(sha256(config), once(config), { limitBytes: config.length });
  await content.write(descriptor.digest, once(bytes), { limitBytes: bytes.length });
  return images.add({ root: descriptor, manifest: descriptor }, { tags });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
