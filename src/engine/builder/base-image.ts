import type { Image } from '#engine/images/image.ts';
import { NotFoundError } from '#lib/errors.ts';
import { chainIds } from '#oci/chain-id.ts';
import { familiarName, parseReference, withDefaultTag } from '#oci/reference.ts';
import type { BuildRun, BuilderContext } from './build-run.ts';
import type { Layer } from './layers.ts';
import type { StageOutput } from './output.ts';

/** Under this name clients keep the credentials of Docker Hub. */
const DOCKER_HUB = 'https://index.docker.io/v1/';

/** The image behind FROM or `--from`: what is here, or what its registry has. @throws {NotFoundError} */
export async function baseImage(
  build: BuildRun,
  ...[name, output]: [name: string, output: StageOutput]
): Promise<Image> {
  const known = build.images.get(name);
  if (known !== undefined) return known;
  const found = findImage(build, name, output);
  found.catch(() => {});
  build.images.set(name, found);
  return found;
}

async function findImage(
  { context, request, signal }: BuildRun,
  ...[name, output]: [name: string, output: StageOutput]
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
    platform: request.platform,
    auth: request.credentials[reference.domain === 'docker.io' ? DOCKER_HUB : reference.domain],
    signal,
    report: (message) => output.progress(message),
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
