import { UnavailableError } from '#lib/errors.ts';
import type { Digest } from '#oci/digest.ts';
import type { BlobOptions } from './blobs.ts';
import { responseError } from './response-error.ts';
import { DEFAULT_RETRY, retryResponse, retryWork } from './retry.ts';
import type { Session } from './session.ts';
import type { WireResponse } from './wire.ts';

/** What is sent; its digest may be known only after the last byte. */
export interface Upload {
  /** Begins anew for each attempt. */
  open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;
  /** Asked for after the last byte. */
  digest: () => Digest;
}

/**
 * Uploads a blob: `POST …/blobs/uploads/`, one `PATCH` that streams, `PUT` with the digest. Begins anew when the connection
 * breaks.
 * @throws {InvalidArgumentError} if the registry reads other bytes than the digest says
 */
export async function uploadBlob(session: Session, upload: Upload, options: BlobOptions): Promise<void> {
  await retryWork(async () => uploadOnce(session, upload, options), {
    ...DEFAULT_RETRY,
    signal: options.signal,
  });
}

/**
 * `POST …/blobs/uploads/?mount=D&from=M`: the registry takes the blob from another of its repositories.
 * @returns false if it does not
 */
export async function mountBlob(
  session: Session,
  { digest, from }: { digest: Digest; from: string },
  { repository, scopes, signal }: BlobOptions,
): Promise<boolean> {
  const query = new URLSearchParams({ mount: digest, from });
  const response = await session.send({
    method: 'POST',
    path: `/v2/${repository}/blobs/uploads/?${query.toString()}`,
    headers: { 'content-length': '0' },
    scopes: [...scopes, `repository:${from}:pull`],
    signal,
  });
  response.body.resume();
  if (response.status === 202) await abandon(session, response, { repository, scopes, signal });
  return response.status === 201;
}

async function uploadOnce(session: Session, { open, digest }: Upload, options: BlobOptions): Promise<void> {
  const { repository, scopes, signal } = options;
  const what = `upload to ${repository} failed`;
  const start = async (): Promise<WireResponse> =>
    session.send({
      method: 'POST',
      path: `/v2/${repository}/blobs/uploads/`,
      headers: { 'content-length': '0' },
      scopes,
      signal,
    });
  const started = await retryResponse(start, { ...DEFAULT_RETRY, signal });
  if (started.status !== 202) throw await responseError(started, what);
  started.body.resume();
  let isDone = false;
  let last = started;
  try {
    const patched = await session.send({
      method: 'PATCH',
      path: locationOf(started),
      headers: { 'content-type': 'application/octet-stream' },
      body: await open(),
      scopes,
      signal,
    });
    if (patched.status !== 202) throw await responseError(patched, what);
    patched.body.resume();
    last = patched;
    const target = locationOf(patched);
    target.searchParams.set('digest', digest());
    const put = await session.send({
      method: 'PUT',
      path: target,
      headers: { 'content-length': '0', 'content-type': 'application/octet-stream' },
      scopes,
      signal,
    });
    if (put.status !== 201 && put.status !== 204) throw await responseError(put, what);
    put.body.resume();
    isDone = true;
  } finally {
    if (!isDone) await abandon(session, last, options);
  }
}

/** Registries keep uploads that nobody ends for days. */
async function abandon(session: Session, response: WireResponse, { scopes }: BlobOptions): Promise<void> {
  try {
    const answer = await session.send({
      method: 'DELETE',
      path: locationOf(response),
      scopes,
      signal: AbortSignal.timeout(2000),
    });
    answer.body.resume();
  } catch {
    // It was a courtesy.
  }
}

/** `Location` may be relative; behind a proxy that ends TLS it may name http where the registry is reached by https. */
function locationOf(response: WireResponse): URL {
  const { location } = response.headers;
  if (location === undefined || !URL.canParse(location, response.url.href))
    throw new UnavailableError(`${response.url.host} does not say where to upload to`);
  const url = new URL(location, response.url);
  if (response.url.protocol === 'https:' && url.protocol === 'http:' && url.hostname === response.url.hostname) {
    url.protocol = 'https:';
    url.port = response.url.port;
  }
  return url;
}
