import type { RegistryAuth } from '#api/auth-header.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import type { Reference } from '#oci/reference.ts';
import { type BlobOptions, headBlob, openBlob } from './blobs.ts';
import { endpointOf } from './endpoint.ts';
import { getManifest, putManifest } from './manifests.ts';
import { listTags } from './tags.ts';
import { openSession, type Session } from './session.ts';
import { secureContextOf } from './trust.ts';
import { mountBlob, type Upload, uploadBlob } from './uploads.ts';
import { openWire, type Wire } from './wire.ts';

export interface RegistryOptions {
  /** Hosts and networks that may be without TLS, beside loopback. */
  insecureRegistries?: readonly string[];
  auth?: RegistryAuth | undefined;
  /** A connection that moves no byte for so long has failed. */
  stallMs?: number;
  signal?: AbortSignal | undefined;
}

/** One repository of a registry, spoken to as one user (OCI distribution-spec). */
export interface Repository extends Disposable {
  /** @throws {NotFoundError} */
  getManifest(reference: string): Promise<{ descriptor: Descriptor; bytes: Buffer }>;
  putManifest(manifest: { reference: string; descriptor: Descriptor; bytes: Uint8Array }): Promise<void>;
  listTags(): Promise<string[]>;
  headBlob(digest: Digest): Promise<number | undefined>;
  /** `signal` ends this one. */
  openBlob(descriptor: Descriptor, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  uploadBlob(upload: Upload): Promise<void>;
  mountBlob(blob: { digest: Digest; from: string }): Promise<boolean>;
}

const STALL_MS = 60_000;

/** Opens the repository of a reference for reading, or for writing too. Nothing is sent yet. */
export function openRepository(
  reference: Reference,
  actions: 'pull' | 'pull,push',
  options: RegistryOptions = {},
): Repository {
  const { wire, session } = open(reference.domain, options);
  const own: BlobOptions = {
    repository: reference.path,
    scopes: [`repository:${reference.path}:${actions}`],
    signal: options.signal,
  };
  return {
    getManifest: (name) => getManifest(session, name, own),
    putManifest: (manifest) => putManifest(session, manifest, own),
    listTags: () => listTags(session, own),
    headBlob: (digest) => headBlob(session, digest, own),
    openBlob: (descriptor, signal) => openBlob(session, descriptor, signal === undefined ? own : { ...own, signal }),
    uploadBlob: (upload) => uploadBlob(session, upload, own),
    mountBlob: (blob) => mountBlob(session, blob, own),
    [Symbol.dispose]: () => wire[Symbol.dispose](),
  };
}

/**
 * Proves credentials to a registry.
 * @returns a token to be stored in place of the password, if the registry gives one
 * @throws {UnauthenticatedError}
 */
export async function login(domain: string, options: RegistryOptions): Promise<{ identityToken: string | undefined }> {
  const { wire, session } = open(domain, options);
  using _ = wire;
  return await session.login({ signal: options.signal });
}

function open(
  domain: string,
  { insecureRegistries = [], auth = {}, stallMs = STALL_MS }: RegistryOptions,
): { wire: Wire; session: Session } {
  const endpoint = endpointOf(domain, insecureRegistries);
  const wire = openWire({
    secureContext: (host) => secureContextOf(host),
    isInsecure: (host) => host === endpoint.host && endpoint.insecure,
    stallMs,
  });
  return { wire, session: openSession(wire, endpoint, auth) };
}
