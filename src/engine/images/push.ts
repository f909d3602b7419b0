import type { RegistryAuth } from '#api/auth-header.ts';
import type { ProgressMessage } from '#api/progress.ts';
import { CancelledError, NotFoundError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import type { Manifest } from '#oci/manifest.ts';
import { canonicalName, familiarName, parseReference, type Reference } from '#oci/reference.ts';
import { openRepository, type Repository } from '#registry/client/registry.ts';
import { addImage } from './add-image.ts';
import type { ImagesContext } from './context.ts';
import { getImage } from './get-image.ts';
import type { Image } from './image.ts';
import { pushLayer } from './push-layer.ts';
import { createPushReport, type PushReport } from './push-report.ts';
import { readDocument } from './read-document.ts';

export interface PushOptions {
  auth?: RegistryAuth | undefined;
  insecureRegistries?: readonly string[];
  signal?: AbortSignal | undefined;
  /** Told what goes on, in Docker's words and order. */
  report?: (message: ProgressMessage) => void;
  stallMs?: number;
}

const CONCURRENCY = 5;

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

interface Push {
  context: ImagesContext;
  repository: Repository;
  report: PushReport;
  /** Ends what is on its way. */
  cancel: AbortController;
}

async function pushOne(push: Push, reference: Reference, image: Image): Promise<Descriptor> {
  const { context, repository, report } = push;
  const { document } = image.manifest;
  const diffIds = image.config.rootfs.diff_ids;
  for (const diffId of diffIds) report.layer(diffId, 'Preparing');
  const layers = await pushLayers(push, reference, image);
  await pushConfig(push, document.config);
  const isAsPulled = layers.every(({ digest }, index) => digest === document.layers[index]?.digest);
  const bytes = isAsPulled
    ? await readDocument(context.content, image.manifest.digest)
    : Buffer.from(JSON.stringify({ ...document, layers } satisfies Manifest));
  const descriptor = { mediaType: image.manifest.mediaType, digest: sha256(bytes), size: bytes.length };
  await repository.putManifest({ reference: reference.tag ?? descriptor.digest, descriptor, bytes });
  await remember(push, { reference, image, descriptor }, bytes);
  return descriptor;
}

/** From the bottom, several at a time; the answer has the order of the manifest. The first failure ends the others and is thrown after them. */
async function pushLayers(push: Push, reference: Reference, image: Image): Promise<Descriptor[]> {
  const { context, repository, report, cancel } = push;
  const { signal } = cancel;
  const { layers } = image.manifest.document;
  const sources = siblings(reference, image);
  const sent = new Map<Digest, Promise<Descriptor>>();
  const done: Descriptor[] = [];
  const diffIds = image.config.rootfs.diff_ids;
  const chain = chainIds(diffIds);
  const waiting = diffIds.map((diffId, index) => ({ diffId, name: chain[index] ?? diffId, index }));
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { diffId, name, index } = next;
      signal.throwIfAborted();
      const known = layers[index] as Descriptor;
      const pushed =
        sent.get(diffId) ??
        pushLayer({ places: context, repository, report }, { diffId, name, known, sources }, { signal });
      sent.set(diffId, pushed);
      done[index] = await pushed;
    }
  };
  const failures: unknown[] = [];
  const failed = (error: unknown): void => {
    failures.push(error);
    cancel.abort(error);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => worker().catch(failed)));
  if (failures.length > 0) throw failures[0];
  return done;
}

/** Other repositories of the same registry that the image is in: its layers may be taken from there. */
function siblings({ domain, path }: Reference, { digests }: Image): string[] {
  const others = digests.map((digest) => parseReference(digest)).filter((other) => other.domain === domain);
  return [...new Set(others.map((other) => other.path))].filter((other) => other !== path);
}

async function pushConfig({ context, repository }: Push, { digest }: Descriptor): Promise<void> {
  if ((await repository.headBlob(digest)) !== undefined) return;
  await repository.uploadBlob({ open: async () => context.content.read(digest), digest: () => digest });
}

/** The image gets the digest it has there; with the compressed layers' names, the next push has nothing to compress. */
async function remember(
  { context }: Push,
  { reference: { domain, path }, image, descriptor }: { reference: Reference; image: Image; descriptor: Descriptor },
  bytes: Buffer,
): Promise<void> {
  const isKnown = descriptor.digest === image.manifest.digest;
  if (!isKnown) await context.content.write(descriptor.digest, once(bytes), { limitBytes: bytes.length });
  const { digest, mediaType, size } = isKnown ? image.manifest : descriptor;
  const manifest = { digest, mediaType, size };
  await addImage(
    context,
    { root: isKnown ? image.root : manifest, manifest },
    { digests: [canonicalName({ domain, path, digest: descriptor.digest })] },
  );
  const name = familiarName({ domain, path });
  context.events.publish({ type: 'image', action: 'push', id: name, attributes: { name } });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
