import type { RegistryAuth } from '#api/auth-header.ts';
import { InvalidArgumentError, NotFoundError, NotImplementedError, TooLargeError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { familiarName, parseReference, type Reference, withDefaultTag } from '#oci/reference.ts';
import { openRepository, type Repository } from '#registry/client/registry.ts';
import type { CacheSpec, ClientStore } from './cache-spec.ts';

/** Where a cache lies. */
export interface CachePlace extends Disposable {
  /** For people. */
  readonly title: string;
  /** The document that names all others. @throws {NotFoundError} */
  root(): Promise<Buffer>;
  /** A manifest or index that another names. */
  document(descriptor: Descriptor): Promise<Buffer>;
  open(blob: Descriptor, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Whether a blob is there; undefined where that is only found out by reading or writing it. */
  has(digest: Digest): Promise<boolean | undefined>;
  /** `open` may be called several times. */
  write(blob: Descriptor, open: () => Promise<AsyncIterable<Uint8Array>>): Promise<void>;
  /** Writes the document that names all others: last, so that what it names is there. */
  finish(root: Descriptor, bytes: Buffer): Promise<void>;
}

export interface OpenPlace {
  credentials: (domain: string) => Promise<RegistryAuth | undefined>;
  insecureRegistries: readonly string[];
  signal: AbortSignal;
}

/** Opens the place of a `registry` or `local` cache. @throws {InvalidArgumentError} {NotImplementedError} */
export async function openCachePlace(
  { type, attributes, store }: CacheSpec,
  actions: 'pull' | 'pull,push',
  { credentials, insecureRegistries, signal }: OpenPlace,
): Promise<CachePlace> {
  checkPlace({ type, attributes, ...(store !== undefined && { store }) });
  if (store !== undefined) return storePlace(store, attributes);
  const reference = referenceOf(attributes);
  const { domain } = reference;
  const isInsecure = attributes.get('registry.insecure') === 'true';
  const repository = openRepository(reference, actions, {
    insecureRegistries: isInsecure ? [...insecureRegistries, domain] : insecureRegistries,
    auth: await credentials(domain),
    signal,
  });
  return registryPlace(repository, reference);
}

/** @throws {InvalidArgumentError} {NotImplementedError} if it says of no place that can be reached */
export function checkPlace({ type, attributes, store }: CacheSpec): void {
  if (type === 'local' && store === undefined)
    throw new NotImplementedError('a local cache needs a client that keeps it', {
      why: 'this way of building has no folder of the client',
      hint: 'build with docker buildx or berth build, or keep the cache in a registry',
    });
  if (type === 'local') return;
  if ((attributes.get('ref') ?? '') === '')
    throw new InvalidArgumentError(`a cache of the type ${type} needs a ref`, {
      hint: `type=${type},ref=HOST/NAME:TAG`,
    });
  referenceOf(attributes);
}

function referenceOf(attributes: CacheSpec['attributes']): Reference {
  return withDefaultTag(parseReference(attributes.get('ref') ?? ''));
}

function registryPlace(repository: Repository, reference: Reference): CachePlace {
  return {
    title: familiarName(reference),
    root: async () => (await repository.getManifest(reference.digest ?? reference.tag ?? 'latest')).bytes,
    document: async ({ digest }) => (await repository.getManifest(digest)).bytes,
    open: (blob, signal) => repository.openBlob(blob, signal),
    has: async (digest) => (await repository.headBlob(digest)) !== undefined,
    write: ({ digest }, open) => repository.uploadBlob({ open, digest: () => digest }),
    finish: (descriptor, bytes) =>
      repository.putManifest({ reference: reference.tag ?? descriptor.digest, descriptor, bytes }),
    [Symbol.dispose]: () => repository[Symbol.dispose](),
  };
}

function storePlace(store: ClientStore, attributes: ReadonlyMap<string, string>): CachePlace {
  const folder = attributes.get('src') ?? attributes.get('dest') ?? 'local';
  const tag = attributes.get('tag') ?? 'latest';
  const name = attributes.get('digest') ?? tag;
  return {
    title: folder,
    async root() {
      const bytes = await store.root(name);
      if (bytes === undefined) throw new NotFoundError(`there is no cache ${name} in ${folder}`);
      return Buffer.from(bytes);
    },
    document: async (descriptor) => collectBlob(store.read(descriptor.digest), descriptor),
    open: async ({ digest }) => store.read(digest),
    has: async (digest) => store.has?.(digest),
    async write({ digest, mediaType, size }, open) {
      await store.write({ digest, mediaType, size }, await open());
    },
    async finish(root, bytes) {
      const { digest, mediaType, size } = root;
      await store.write({ digest, mediaType, size }, once(bytes));
      await store.tag?.(tag, root);
    },
    [Symbol.dispose]() {},
  };
}

const DOCUMENT_LIMIT_BYTES = 16 * 1024 * 1024;

/** The bytes of a small blob. @throws {InvalidArgumentError} if they are others; {TooLargeError} */
export async function collectBlob(source: AsyncIterable<Uint8Array>, { digest, size }: Descriptor): Promise<Buffer> {
  if (size > DOCUMENT_LIMIT_BYTES) throw new TooLargeError(`document ${digest} has ${size} bytes`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.byteLength;
    if (length > size) break;
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (length !== size || sha256(bytes) !== digest)
    throw new InvalidArgumentError(`document ${digest} is not what its name says`);
  return bytes;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
