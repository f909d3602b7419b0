import { InvalidArgumentError, NotFoundError, TooLargeError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { isDigest } from '#oci/digest.ts';
import { parseManifestOrIndex } from '#oci/manifest.ts';
import { isIndexType, isManifestType, MEDIA_TYPES } from '#oci/media-type.ts';
import { responseError } from './response-error.ts';
import { DEFAULT_RETRY, retryResponse } from './retry.ts';
import type { Session, SessionRequest } from './session.ts';
import { readBody, type WireResponse } from './wire.ts';

/** Size that a registry must be able to take (OCI distribution-spec), and that we take. */
export const MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024;

const ACCEPT = [
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.dockerIndex,
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.dockerManifest,
].join(', ');

export interface ManifestOptions {
  repository: string;
  scopes: readonly string[];
  signal?: AbortSignal | undefined;
}

/**
 * `GET /v2/N/manifests/REF`: the bytes as they are and what they are. By digest they are verified; by tag, the registry's
 * own digest header must agree with them.
 * @throws {NotFoundError} {InvalidArgumentError} for bytes that are something else
 */
export async function getManifest(
  session: Session,
  reference: string,
  options: ManifestOptions,
): Promise<{ descriptor: Descriptor; bytes: Buffer }> {
  const response = await get(session, { reference, ...options });
  if (response.status !== 200) throw await manifestError(response, reference, options);
  const bytes = await readBody(response, MANIFEST_LIMIT_BYTES);
  const digest = sha256(bytes);
  const told = isDigest(reference) ? reference : response.headers['docker-content-digest'];
  if (typeof told === 'string' && isDigest(told) && told !== digest)
    throw new InvalidArgumentError(`manifest does not match its digest: expected ${told}, got ${digest}`, {
      why: `${response.url.host} sent other bytes than it announced`,
      hint: 'the registry or something on the way is broken; nothing was kept',
    });
  const mediaType = mediaTypeOf(response, bytes);
  parseManifestOrIndex(bytes, mediaType);
  return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes };
}

/** `PUT /v2/N/manifests/REF`. @throws {InvalidArgumentError} if the registry refuses it */
export async function putManifest(
  session: Session,
  { reference, descriptor, bytes }: { reference: string; descriptor: Descriptor; bytes: Uint8Array },
  { repository, scopes, signal }: ManifestOptions,
): Promise<void> {
  if (bytes.byteLength > MANIFEST_LIMIT_BYTES)
    throw new TooLargeError(`the manifest has ${bytes.byteLength} bytes; registries take ${MANIFEST_LIMIT_BYTES}`);
  const request: SessionRequest = {
    method: 'PUT',
    path: `/v2/${repository}/manifests/${reference}`,
    headers: { 'content-type': descriptor.mediaType },
    body: bytes,
    scopes,
    signal,
  };
  const response = await retryResponse(async () => session.send(request), { ...DEFAULT_RETRY, signal });
  if (response.status !== 201 && response.status !== 200)
    throw await responseError(response, `pushing ${repository}:${reference} failed`);
  response.body.resume();
}

async function get(
  session: Session,
  { reference, repository, scopes, signal }: ManifestOptions & { reference: string },
): Promise<WireResponse> {
  const request: SessionRequest = {
    method: 'GET',
    path: `/v2/${repository}/manifests/${reference}`,
    headers: { accept: ACCEPT },
    scopes,
    signal,
  };
  return retryResponse(async () => session.send(request), { ...DEFAULT_RETRY, signal });
}

async function manifestError(
  response: WireResponse,
  reference: string,
  { repository }: ManifestOptions,
): Promise<Error> {
  const separator = isDigest(reference) ? '@' : ':';
  const name = `${repository}${separator}${reference}`;
  const error = await responseError(response, `manifest for ${name} cannot be read`);
  if (!(error instanceof NotFoundError)) return error;
  return new NotFoundError(`manifest for ${name} not found: manifest unknown: manifest unknown`, {
    why: `the registry ${response.url.host} has no ${name}`,
    hint: 'check the name and the tag',
  });
}

/** The type in the document counts when the header is a general one. */
function mediaTypeOf(response: WireResponse, bytes: Buffer): string {
  const header = response.headers['content-type']?.replace(/;.*$/, '').trim() ?? '';
  if (isIndexType(header) || isManifestType(header)) return header;
  const document = parseManifestOrIndex(bytes);
  const inner = document.mediaType ?? '';
  if (isIndexType(inner) || isManifestType(inner)) return inner;
  return 'manifests' in document ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.ociManifest;
}
