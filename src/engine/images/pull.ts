import type { RegistryAuth } from '#api/auth-header.ts';
import type { ProgressMessage } from '#api/progress.ts';
import { CancelledError, NotFoundError } from '#lib/errors.ts';
import { type ContentSource, copyGraph } from '#oci/copy-graph.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { isIndex, type Manifest, parseManifestOrIndex } from '#oci/manifest.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';
import { canonicalName, familiarName, type Reference, withDefaultTag } from '#oci/reference.ts';
import type { Repository } from '#registry/client/registry.ts';
import { addImage } from './add-image.ts';
import type { ImagesContext } from './context.ts';
import { exclusiveTarget } from './exclusive-target.ts';
import { hostPlatform, selectPlatform } from './host-platform.ts';
import type { Image } from './image.ts';
import { createPullReport } from './pull-report.ts';
import { type OpenedRoot, openPullSource } from './pull-source.ts';
import { readManifest } from './read-document.ts';
import { readVariant } from './read-variant.ts';
import { createStoreTarget } from './store-target.ts';

export interface PullOptions {
  /** Which child of an index; the host's if absent. */
  platform?: Platform | undefined;
  auth?: RegistryAuth | undefined;
  insecureRegistries?: readonly string[];
  /** Addresses of mirrors of Docker Hub, asked first. */
  mirrors?: readonly string[];
  signal?: AbortSignal | undefined;
  /** Told what goes on, in Docker's words and order. Nothing is told before the registry has answered. */
  report?: (message: ProgressMessage) => void;
  stallMs?: number;
  /** It gets no record and no name: what is named so here stays, and its content stays as long as somebody else needs it. */
  isNameless?: boolean;
}

/** Layers at a time: as many as there are threads to write them. */
const CONCURRENCY = 2;

/**
 * Fetches an image by tag or digest. It is listed, and its tag moves, once all of it is there; what came before a failure stays only until
 * unused layers are collected.
 * @throws {NotFoundError} if the registry or its index does not have it; {UnavailableError} if the registry cannot be reached;
 * {InvalidArgumentError} if what came is not what its digests say; {CancelledError}
 */
export async function pullImage(
  context: ImagesContext,
  name: Reference,
  options: PullOptions = {},
): Promise<{ image: Image; isNew: boolean }> {
  const reference = withDefaultTag(name);
  const report = createPullReport(options.report ?? ignore);
  using _ = context.garbage.lease();
  const { signal } = options;
  const opened = await openPullSource(reference, options);
  using repository = opened.repository;
  const before = context.records.named(canonicalName(reference));
  report.begin(reference);
  const { manifest, descriptor, documents } = await chooseManifest(opened, reference, options.platform);
  const isCurrent = before !== undefined && context.records.find(before)?.root.digest === opened.root.digest;
  for (const layer of isCurrent ? [] : manifest.layers) report.layer(layer, 'known');
  const target = exclusiveTarget(context.content, createStoreTarget(context, { onLayer: report.layer }));
  const source = sourceOf(repository, { documents, onBytes: report.bytes });
  const select = (): Descriptor[] => [descriptor];
  await copyGraph({ source, target }, opened.root, { select, concurrency: CONCURRENCY, signal }).catch(
    (error: unknown) => {
      throw signal?.aborted === true ? new CancelledError('the pull was cancelled', { cause: error }) : error;
    },
  );
  const found = { root: opened.root, manifest: descriptor };
  const image = options.isNameless === true ? await nameless(context, found) : await record(context, found, reference);
  report.end({ reference, digest: opened.root.digest, isNew: before !== image.id });
  return { image, isNew: before !== image.id };
}

function ignore(): void {}

/** @throws {NotFoundError} if an index has nothing for the platform */
async function chooseManifest(
  { repository, root, bytes }: OpenedRoot,
  reference: Reference,
  platform: Platform = hostPlatform(),
): Promise<{ manifest: Manifest; descriptor: Descriptor; documents: Map<Digest, Uint8Array> }> {
  const documents = new Map<Digest, Uint8Array>([[root.digest, bytes]]);
  const document = parseManifestOrIndex(bytes, root.mediaType);
  if (!isIndex(document)) return { manifest: document, descriptor: root, documents };
  const child = selectPlatform(document, platform);
  if (child === undefined)
    throw new NotFoundError(`no matching manifest for ${formatPlatform(platform)} in the manifest list entries`, {
      why: `${familiarName(reference)} exists for ${platformsOf(document.manifests) || 'no platform that is named'}`,
      hint: 'choose one of these with --platform, or another image',
    });
  const { bytes: childBytes } = await repository.getManifest(child.digest);
  const manifest = parseManifestOrIndex(childBytes, child.mediaType);
  if (isIndex(manifest)) throw new NotFoundError(`${familiarName(reference)} is an index of indexes`);
  documents.set(child.digest, childBytes);
  return { manifest, descriptor: child, documents };
}

function platformsOf(manifests: readonly Descriptor[]): string {
  const named = manifests.flatMap(({ platform }) => (platform === undefined ? [] : [formatPlatform(platform)]));
  return [...new Set(named)].filter((platform) => !platform.startsWith('unknown')).join(', ');
}

/** Documents are known by now; a layer's request begins with the first byte that is read. */
function sourceOf(
  repository: Repository,
  { documents, onBytes }: { documents: ReadonlyMap<Digest, Uint8Array>; onBytes: ByteListener },
): ContentSource {
  return {
    async open(descriptor, { signal }) {
      const bytes = documents.get(descriptor.digest);
      return bytes === undefined ? download(repository, descriptor, { signal, onBytes }) : once(bytes);
    },
  };
}

type ByteListener = (layer: Descriptor, current: number) => void;

async function* download(
  repository: Repository,
  descriptor: Descriptor,
  { signal, onBytes }: { signal: AbortSignal | undefined; onBytes: ByteListener },
): AsyncGenerator<Uint8Array> {
  let current = 0;
  for await (const chunk of await repository.openBlob(descriptor, signal)) {
    current += chunk.byteLength;
    onBytes(descriptor, current);
    yield chunk;
  }
}

async function record(
  context: ImagesContext,
  { root, manifest }: { root: Descriptor; manifest: Descriptor },
  reference: Reference,
): Promise<Image> {
  const { domain, path } = reference;
  const digests = [canonicalName({ domain, path, digest: root.digest })];
  const tags = reference.digest === undefined ? [canonicalName(reference)] : [];
  const { digest, mediaType, size } = root;
  const child = { digest: manifest.digest, mediaType: manifest.mediaType, size: manifest.size };
  const image = await addImage(context, { root: { digest, mediaType, size }, manifest: child }, { tags, digests });
  const name = familiarName(reference);
  context.events.publish({
    type: 'image',
    action: 'pull',
    id: name,
    attributes: { name: familiarName({ domain, path }) },
  });
  return image;
}

/** As an image that was asked for by no name. */
async function nameless(
  context: ImagesContext,
  { root, manifest }: { root: Descriptor; manifest: Descriptor },
): Promise<Image> {
  const { config } = await readManifest(context.content, manifest.digest);
  return readVariant(context, { id: config.digest, root, manifest });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
