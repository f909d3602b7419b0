import type { Image } from '#engine/images/image.ts';
import { readLayer } from '#engine/images/layer-bytes.ts';
import { BerthError, NotImplementedError } from '#lib/errors.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { BuilderContext } from '../build-run.ts';
import type { CachePlace } from './cache-place.ts';

/** An image that is here as a place that may carry a cache; undefined if there is none of that name. */
export async function localImagePlace(context: BuilderContext, name: string): Promise<CachePlace | undefined> {
  const { images, content, layerFiles: layers, snapshots } = context;
  let image: Image;
  try {
    image = await images.get(name);
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
  const { manifest, config } = image;
  const { diff_ids: diffIds } = config.rootfs;
  const chain = chainIds(diffIds);
  return {
    title: name,
    root: async () => Buffer.from(JSON.stringify(manifest.document)),
    document: never,
    async open({ digest }) {
      // As it came, a layer may have been compressed; here it is a tar.
      const index = manifest.document.layers.findIndex((layer) => layer.digest === digest);
      const diffId = diffIds[index];
      if (diffId === undefined) return content.read(digest);
      return readLayer({ layers, snapshots }, { diffId, name: chain[index] ?? diffId });
    },
    has: async () => true,
    write: never,
    finish: never,
    [Symbol.dispose]() {},
  };
}

async function never(): Promise<never> {
  throw new NotImplementedError('an image that is here takes no cache');
}
