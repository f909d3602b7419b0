import { findVariant } from '#engine/images/read-variant.ts';
import type { Image } from '#engine/images/image.ts';
import { pullImage } from '#engine/images/pull.ts';
import { NotFoundError, NotImplementedError } from '#lib/errors.ts';
import type { MessageOf, Partly } from '#lib/protobuf/message.ts';
import type { Platform } from '#oci/platform.ts';
import { canonicalName, parseReference, withDefaultTag } from '#oci/reference.ts';
import type {
  RESOLVE_IMAGE_REQUEST,
  RESOLVE_IMAGE_RESPONSE,
  RESOLVE_SOURCE_REQUEST,
  RESOLVE_SOURCE_RESPONSE,
} from './messages/gateway.ts';
import type { RunningBuild } from './running-build.ts';
import type { BuildkitContext } from './services.ts';
import { platformFromWire } from './worker.ts';

const IMAGE = 'docker-image://';

/** Config and digest of an image that is here or in its registry. @throws {NotFoundError} {UnavailableError} */
export async function resolveImage(
  context: BuildkitContext,
  ...[build, { ref, platform, resolveMode }]: [build: RunningBuild, ask: MessageOf<typeof RESOLVE_IMAGE_REQUEST>]
): Promise<Partly<MessageOf<typeof RESOLVE_IMAGE_RESPONSE>>> {
  const found = await find(context, build, { name: ref, platform: platformFromWire(platform), mode: resolveMode });
  return { ...found, ref: canonicalName(withDefaultTag(parseReference(ref))) };
}

/** What a source is: of images, config and digest; other sources are as they were named. @throws {NotFoundError} {NotImplementedError} */
export async function resolveSource(
  context: BuildkitContext,
  ...[build, { source, platform, resolveMode }]: [build: RunningBuild, ask: MessageOf<typeof RESOLVE_SOURCE_REQUEST>]
): Promise<Partly<MessageOf<typeof RESOLVE_SOURCE_RESPONSE>>> {
  const identifier = source?.identifier ?? '';
  if (!identifier.startsWith(IMAGE))
    throw new NotImplementedError(`the source ${identifier.split('://')[0] ?? ''} cannot be resolved`, {
      why: 'only images are',
    });
  const name = identifier.slice(IMAGE.length);
  const image = await find(context, build, { name, platform: platformFromWire(platform), mode: resolveMode });
  return { ...(source !== undefined && { source }), image };
}

interface Wanted {
  name: string;
  platform: Platform | undefined;
  /** `pull` asks the registry in any case. */
  mode: string;
}

async function find(
  context: BuildkitContext,
  ...[build, wanted]: [build: RunningBuild, wanted: Wanted]
): Promise<{ digest: string; config: Uint8Array }> {
  const { images } = context;
  using _ = images.lease();
  const image = (await findLocal(context, wanted)) ?? (await pull(context, build, wanted));
  const pieces = await Array.fromAsync(await images.context.content.read(image.id));
  return { digest: image.root.digest, config: Buffer.concat(pieces) };
}

async function findLocal({ images }: BuildkitContext, { name, platform, mode }: Wanted): Promise<Image | undefined> {
  if (mode === 'pull') return undefined;
  try {
    const image = await images.get(name);
    const isFor = platform === undefined || image.config.architecture === platform.architecture;
    return isFor ? image : await findVariant(images.context, image, platform);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

async function pull(
  context: BuildkitContext,
  ...[build, { name, platform }]: [build: RunningBuild, wanted: Wanted]
): Promise<Image> {
  const { images, sessions } = context;
  const reference = withDefaultTag(parseReference(name));
  const { session: id } = build.order;
  const session = id === '' ? undefined : await sessions.get(id, 0);
  const { image } = await pullImage(images.context, reference, {
    ...context.registries(),
    platform,
    auth: await session?.credentials(reference.domain),
    signal: build.signal,
    isNameless: true,
  });
  return image;
}
