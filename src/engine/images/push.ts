import type { RegistryAuth } from '#api/auth-header.ts';
import type { ProgressMessage } from '#api/progress.ts';
import { CancelledError, NotFoundError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { canonicalName, familiarName, parseReference, type Reference } from '#oci/reference.ts';
import { openRepository } from '#registry/client/registry.ts';
import { addImage } from './add-image.ts';
import type { ImagesContext } from './context.ts';
import { getImage } from './get-image.ts';
import type { Image } from './image.ts';
import { readLocalIndex } from './local-index.ts';
import { pushIndex } from './push-index.ts';
import { type Push, type PushedDocument, pushManifest } from './push-manifest.ts';
import { createPushReport } from './push-report.ts';
import { siblingRepositories } from './sibling-repositories.ts';
import { readDocument } from './read-document.ts';

export interface PushOptions {
  auth?: RegistryAuth | undefined;
  insecureRegistries?: readonly string[];
  signal?: AbortSignal | undefined;
  /** Told what goes on, in Docker's words and order. */
  report?: (message: ProgressMessage) => void;
  stallMs?: number;
}

/**
 * Sends an image to the registry its name says; without a tag, all tags of that name. Layers that the registry has in some known form are
 * not sent; the others are compressed on the way, always to the same bytes.
 * @throws {NotFoundError} if there is no such image; {UnauthenticatedError} {PermissionDeniedError} {UnavailableError} {CancelledError}
 */
export async function pushImage(
  context: ImagesContext,
  name: Reference,
  options: PushOptions = {},
): Promise<{ reference: Reference; descriptor: Descriptor }[]> {
  const references = name.tag === undefined ? allTags(context, name) : [name];
  const images: { reference: Reference; image: Image }[] = [];
  for (const reference of references) images.push({ reference, image: await imageOf(context, reference) });
  const report = createPushReport(options.report ?? ignore);
  report.begin(name);
  const cancel = new AbortController();
  const signal = AbortSignal.any([cancel.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  using _ = context.garbage.lease();
  using repository = openRepository(name, 'pull,push', { ...options, signal });
  try {
    const pushed: { reference: Reference; descriptor: Descriptor }[] = [];
    for (const { reference, image } of images) {
      const descriptor = await pushOne({ context, repository, report, cancel }, reference, image);
      report.end(reference.tag ?? '', descriptor);
      pushed.push({ reference, descriptor });
    }
    return pushed;
  } catch (error) {
    throw options.signal?.aborted === true ? new CancelledError('the push was cancelled', { cause: error }) : error;
  }
}

function ignore(): void {}

function allTags({ records }: ImagesContext, { domain, path }: Reference): Reference[] {
  const own = canonicalName({ domain, path });
  const tags = records
    .list()
    .flatMap(({ id }) => records.names(id).tags)
    .filter((tag) => tag.startsWith(`${own}:`));
  if (tags.length > 0) return tags.map((tag) => parseReference(tag));
  throw new NotFoundError(`An image does not exist locally with the tag: ${familiarName({ domain, path })}`);
}

async function imageOf(context: ImagesContext, reference: Reference): Promise<Image> {
  try {
    return await getImage(context, canonicalName(reference));
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    const { domain, path } = reference;
    throw new NotFoundError(`An image does not exist locally with the tag: ${familiarName({ domain, path })}`, {
      why: `there is no ${familiarName(reference)} here`,
      hint: 'tag an image with the name it should have in the registry: docker tag IMAGE NAME',
    });
  }
}

async function pushOne(push: Push, reference: Reference, image: Image): Promise<Descriptor> {
  const { context, repository } = push;
  const diffIds = image.config.rootfs.diff_ids;
  const sources = await siblingRepositories(context, reference, diffIds);
  const index = await readLocalIndex(context, image);
  const place = { reference: reference.tag, sources };
  if (index !== undefined) {
    const pushed = await pushIndex(push, index, place);
    const manifest = pushed.images.get(image.manifest.digest) ?? image.manifest;
    await remember(push, { reference, image, pushed: { descriptor: pushed.descriptor, manifest } }, pushed.documents);
    return pushed.descriptor;
  }
  const { document, ...descriptor } = image.manifest;
  const bytes = await readDocument(context.content, descriptor.digest);
  const manifest = { descriptor, bytes, document, diffIds };
  const pushed = await pushManifest(push, manifest, sources);
  await repository.putManifest({ ...pushed, reference: reference.tag ?? pushed.descriptor.digest });
  await remember(push, { reference, image, pushed: { ...pushed, manifest: pushed.descriptor } }, [pushed]);
  return pushed.descriptor;
}

/** The image gets the digest it has there; with the compressed layers' names, the next push has nothing to compress. */
async function remember(
  { context }: Push,
  {
    reference: { domain, path },
    image,
    pushed,
  }: { reference: Reference; image: Image; pushed: { descriptor: Descriptor; manifest: Descriptor } },
  documents: readonly PushedDocument[],
): Promise<void> {
  for (const { descriptor, bytes } of documents)
    if (!(await context.content.has(descriptor.digest)))
      await context.content.write(descriptor.digest, once(bytes), { limitBytes: bytes.length });
  const isKnown = pushed.descriptor.digest === image.manifest.digest;
  const root = isKnown ? image.root : plain(pushed.descriptor);
  await addImage(
    context,
    { root, manifest: plain(pushed.manifest) },
    { digests: [canonicalName({ domain, path, digest: pushed.descriptor.digest })] },
  );
  const name = familiarName({ domain, path });
  context.events.publish({ type: 'image', action: 'push', id: name, attributes: { name } });
}

function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
