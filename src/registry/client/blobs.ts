import { InvalidArgumentError, UnavailableError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { connectionError, isConnectionLoss } from './connection-error.ts';
import { responseError } from './response-error.ts';
import { backoff, DEFAULT_RETRY, pause, retryResponse } from './retry.ts';
import type { Session, SessionRequest } from './session.ts';
import type { WireResponse } from './wire.ts';

export interface BlobOptions {
  repository: string;
  scopes: readonly string[];
  signal?: AbortSignal | undefined;
}

/** `HEAD /v2/N/blobs/D`: its size, or undefined if it is not there. */
export async function headBlob(session: Session, digest: Digest, options: BlobOptions): Promise<number | undefined> {
  const request: SessionRequest = { ...options, method: 'HEAD', path: `/v2/${options.repository}/blobs/${digest}` };
  const response = await retryResponse(async () => session.send(request), { ...DEFAULT_RETRY, signal: options.signal });
  response.body.resume();
  if (response.status === 200) return Number(response.headers['content-length'] ?? 0);
  if (response.status === 404) return undefined;
  throw await responseError(response, `${options.repository}@${digest} cannot be looked up`);
}

/**
 * `GET /v2/N/blobs/D`, as the bytes arrive: exactly as many as the descriptor says. A connection that breaks is taken up again
 * where it broke. The digest is verified by whoever writes them (see `ContentTarget`).
 * @throws {NotFoundError} {InvalidArgumentError} for too many bytes {UnavailableError} when the registry stays away
 */
export async function openBlob(
  session: Session,
  descriptor: Descriptor,
  options: BlobOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const first = await requestBlob(session, descriptor, { ...options, offset: 0 });
  return resumed(session, descriptor, { ...options, first });
}

async function requestBlob(
  session: Session,
  { digest }: Descriptor,
  { repository, scopes, signal, offset }: BlobOptions & { offset: number },
): Promise<WireResponse> {
  const request: SessionRequest = {
    method: 'GET',
    path: `/v2/${repository}/blobs/${digest}`,
    headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
    scopes,
    signal,
  };
  const response = await retryResponse(async () => session.send(request), { ...DEFAULT_RETRY, signal });
  if (response.status === 200 || (offset > 0 && response.status === 206)) return response;
  throw await responseError(response, `blob ${digest} of ${repository} cannot be read`);
}

/** The whole body over as many connections as it takes; progress earns new attempts. */
async function* resumed(
  session: Session,
  descriptor: Descriptor,
  options: BlobOptions & { first: WireResponse },
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  let response = options.first;
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const chunk of fresh(response, offset)) {
        offset = counted(offset + chunk.byteLength, descriptor);
        attempt = 1;
        yield chunk;
      }
      if (offset >= descriptor.size) return;
      throw endedEarly(response, { descriptor, offset });
    } catch (error) {
      const told = connectionError(error, response.url, options.signal);
      if (attempt >= DEFAULT_RETRY.attempts || !isConnectionLoss(told)) throw told;
    } finally {
      response.body.destroy();
    }
    await pause(backoff(attempt, DEFAULT_RETRY.pauseMs), options.signal);
    response = await requestBlob(session, descriptor, { ...options, offset });
  }
}

/** An end that HTTP calls whole is what the registry has; one that only closes the connection may have lost the rest. */
function endedEarly(
  { headers }: WireResponse,
  { descriptor: { digest, size }, offset }: { descriptor: Descriptor; offset: number },
): Error {
  const isWhole = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  if (!isWhole) return new UnavailableError('the connection ended early', { cause: { code: 'ECONNRESET' } });
  return new InvalidArgumentError(`blob ${digest} has ${offset} bytes instead of ${size}`, {
    why: 'the registry sent other bytes than its manifest lists',
  });
}

function counted(offset: number, descriptor: Descriptor): number {
  if (offset > descriptor.size) throw tooLong(descriptor);
  return offset;
}

/** A body without the bytes that are here already, where the registry does not know ranges. */
async function* fresh(response: WireResponse, offset: number): AsyncGenerator<Uint8Array> {
  let skip = response.status === 206 ? 0 : offset;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    const rest = chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
    if (rest.length > 0) yield rest;
  }
}

function tooLong({ digest, size }: Descriptor): InvalidArgumentError {
  return new InvalidArgumentError(`blob ${digest} has more than its ${size} bytes`, {
    why: 'the registry sent other bytes than its manifest lists',
  });
}
