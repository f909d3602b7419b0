import type { Image } from '#engine/images/image.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import { findVariant } from '#engine/images/read-variant.ts';
import { NotFoundError, UnavailableError } from '#lib/errors.ts';
import { chainIds } from '#oci/chain-id.ts';
import { hexOf } from '#oci/digest.ts';
import { imagePackageUrl } from '#oci/package-url.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';
import { familiarName, parseReference, withDefaultTag } from '#oci/reference.ts';
import type { BuildRun, BuilderContext } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import type { Vertex } from '../progress/events.ts';

/**
 * The image behind FROM or `--from`: what is here, or what its registry has.
 * @param platform of the image; that of the build if absent
 * @throws {NotFoundError}
 */
export async function baseImage(
  build: BuildRun,
  ...[name, vertex, platform = build.platform]: [name: string, vertex: Vertex, platform?: Platform]
): Promise<Image> {
  const key = `${formatPlatform(platform)} ${name}`;
  const known = build.images.get(key);
  if (known !== undefined) return known;
  const found = findImage(build, { name, platform, vertex }).then((image) => {
    noteMaterial(build, { name, platform }, image);
    return image;
  });
  found.catch(() => {});
  build.images.set(key, found);
  return found;
}

const IS_ID = /^(sha256:)?[0-9a-f]{12,64}$/;

interface Wanted {
  name: string;
  platform: Platform;
  vertex: Vertex;
}

async function findImage(build: BuildRun, wanted: Wanted): Promise<Image> {
  const { context, request } = build;
  const { name, platform } = wanted;
  const isId = IS_ID.test(name);
  const local = await localImage(context, name);
  if (local !== undefined && (!request.pull || isId)) {
    if (isFor(local, platform)) return local;
    const variant = await findVariant(context.images.context, local, platform);
    if (variant !== undefined || isId) return variant ?? local;
  }
  try {
    return await pull(build, wanted);
  } catch (error) {
    // Who asks for what is here anyway hears what is wrong with it.
    const isGone = error instanceof NotFoundError || error instanceof UnavailableError;
    if (local !== undefined && isGone && !request.pull) return local;
    throw error;
  }
}

async function localImage({ images }: BuilderContext, name: string): Promise<Image | undefined> {
  try {
    return await images.get(name);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** An image of another platform than this host's gets no name: that stands for what runs here. */
async function pull({ context, request, signal }: BuildRun, { name, platform, vertex }: Wanted): Promise<Image> {
  const reference = withDefaultTag(parseReference(name));
  if (context.pullImage === undefined)
    throw new NotFoundError(
      `pull access denied for ${familiarName(parseReference(name))}, repository does not exist or may require 'docker login'`,
      { hint: `load it with docker load, or make a stand-in with berth base build ${familiarName(reference)}` },
    );
  return context.pullImage(reference, {
    platform,
    auth: await request.credentials(reference.domain),
    signal,
    report: (message) => vertex.message(message),
    isNameless: !isFor(hostPlatform(), platform),
  });
}

/** Variants differ in what newer processors can do besides; an image that names none runs on all. */
function isFor(image: Platform | Image, { os, architecture, variant }: Platform): boolean {
  const own: Platform = 'config' in image ? image.config : image;
  if (own.os !== os || own.architecture !== architecture) return false;
  const isOpen = own.variant === undefined || own.variant === '' || variant === undefined || architecture === 'arm64';
  return isOpen || own.variant === variant;
}

function noteMaterial(
  { materials }: BuildRun,
  { name, platform }: { name: string; platform: Platform },
  { root }: Image,
): void {
  if (IS_ID.test(name)) return;
  materials.push({ uri: imagePackageUrl(parseReference(name), platform), digest: { sha256: hexOf(root.digest) } });
}

/** Its layers, bottom first. */
export function layersOfImage({ layers }: BuilderContext, { config }: Image): Layer[] {
  const { diff_ids: diffIds } = config.rootfs;
  return chainIds(diffIds).flatMap((chainId, index) => {
    const diffId = diffIds[index];
    return diffId === undefined ? [] : [layers.ofImage(chainId, diffId)];
  });
}
