import type { Image } from '#engine/images/image.ts';
import { NotFoundError } from '#lib/errors.ts';
import { chainIds } from '#oci/chain-id.ts';
import { familiarName, parseReference, withDefaultTag } from '#oci/reference.ts';
import type { BuildRun, BuilderContext } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import type { Vertex } from '../progress/events.ts';

/** The image behind FROM or `--from`: what is here, or what its registry has. @throws {NotFoundError} */
export async function baseImage(build: BuildRun, ...[name, vertex]: [name: string, vertex: Vertex]): Promise<Image> {
  const known = build.images.get(name);
  if (known !== undefined) return known;
  const found = findImage(build, name, vertex);
  found.catch(() => {});
  build.images.set(name, found);
  return found;
}

async function findImage(
  { context, request, platform, signal }: BuildRun,
  ...[name, vertex]: [name: string, vertex: Vertex]
): Promise<Image> {
  const { images, pullImage } = context;
  const mustPull = request.pull && !/^(sha256:)?[0-9a-f]{12,64}$/.test(name);
  if (!mustPull) {
    const local = await images.get(name).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });
    if (local !== undefined) return local;
  }
  const reference = withDefaultTag(parseReference(name));
  if (pullImage === undefined)
    throw new NotFoundError(
      `pull access denied for ${familiarName(parseReference(name))}, repository does not exist or may require 'docker login'`,
      {
        hint: `load it with docker load, or make a stand-in with berth base build ${familiarName(reference)}`,
      },
    );
  await pullImage(reference, {
    platform: request.platforms.length === 0 ? undefined : platform,
    auth: await request.credentials(reference.domain),
    signal,
    report: (message) => vertex.message(message),
  });
  return images.get(name);
}

/** Its layers, bottom first. */
export function layersOfImage({ layers }: BuilderContext, { config }: Image): Layer[] {
  const { diff_ids: diffIds } = config.rootfs;
  return chainIds(diffIds).flatMap((chainId, index) => {
    const diffId = diffIds[index];
    return diffId === undefined ? [] : [layers.ofImage(chainId, diffId)];
  });
}
