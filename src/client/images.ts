import type { Readable } from 'node:stream';
import type { HistoryEntry, ImageDetails, ImageSummary, PruneAnswer } from '#api/answers.ts';
import { formatAuthHeader, type RegistryAuth } from '#api/auth-header.ts';
import type { ProgressMessage } from '#api/progress.ts';
import { callJson, callVoid, formatFilters, imagePart } from './call.ts';
import type { FilterTable } from './containers.ts';
import { readProgress } from './json-lines.ts';
import type { Client } from './transport.ts';

/** `GET /images/json` */
export async function listImages(
  client: Client,
  { all, digests, filters }: { all?: boolean; digests?: boolean; filters?: FilterTable } = {},
): Promise<ImageSummary[]> {
  return callJson(client, ['GET', '/images/json'], { query: { all, digests, filters: formatFilters(filters) } });
}

/** `GET /images/{name}/json`. @throws {NotFoundError} */
export async function inspectImage(client: Client, name: string): Promise<ImageDetails> {
  return callJson(client, ['GET', `/images/${imagePart(name)}/json`]);
}

/** `GET /images/{name}/history`, newest first. */
export async function imageHistory(client: Client, name: string): Promise<HistoryEntry[]> {
  return callJson(client, ['GET', `/images/${imagePart(name)}/history`]);
}

/** `POST /images/{name}/tag` */
export async function tagImage(
  client: Client,
  name: string,
  { repo, tag }: { repo: string; tag?: string | undefined },
): Promise<void> {
  await callVoid(client, ['POST', `/images/${imagePart(name)}/tag`], { query: { repo, tag } });
}

/** `DELETE /images/{name}` @returns what was untagged and deleted, in order */
export async function removeImage(
  client: Client,
  name: string,
  { force, keepParents }: { force?: boolean; keepParents?: boolean } = {},
): Promise<{ Untagged?: string; Deleted?: string }[]> {
  const query = { force, noprune: keepParents };
  return callJson(client, ['DELETE', `/images/${imagePart(name)}`], { query });
}

/** `POST /images/prune`: dangling ones, or with `dangling: ['false']` all that no container uses. */
export async function pruneImages(client: Client, filters?: FilterTable): Promise<PruneAnswer> {
  return callJson(client, ['POST', '/images/prune'], { query: { filters: formatFilters(filters) } });
}

export interface PullImage {
  platform?: string | undefined;
  auth?: RegistryAuth | undefined;
  signal?: AbortSignal | undefined;
}

/** `POST /images/create?fromImage=`; `reference` has a tag or a digest. */
export async function* pullImage(
  client: Client,
  reference: string,
  { platform, auth, signal }: PullImage = {},
): AsyncGenerator<ProgressMessage> {
  const query = { ...splitReference(reference), platform };
  const { body } = await client.send('POST', '/images/create', { query, headers: authHeader(auth), signal });
  yield* readProgress(body);
}

/** `POST /images/{name}/push` */
export async function* pushImage(
  client: Client,
  reference: string,
  { platform, auth, signal }: PullImage = {},
): AsyncGenerator<ProgressMessage> {
  const { fromImage, tag } = splitReference(reference);
  const { body } = await client.send('POST', `/images/${imagePart(fromImage)}/push`, {
    query: { tag, platform },
    headers: { 'X-Registry-Auth': formatAuthHeader(auth ?? {}) },
    signal,
  });
  yield* readProgress(body);
}

export interface ImportImage {
  /** `-` for the archive that is sent, or an address. */
  source: string;
  repo?: string | undefined;
  tag?: string | undefined;
  message?: string | undefined;
  changes?: readonly string[];
  platform?: string | undefined;
  archive?: AsyncIterable<Uint8Array>;
  signal?: AbortSignal | undefined;
}

/** `POST /images/create?fromSrc=`: a file system as an image of one layer. */
export async function* importImage(client: Client, options: ImportImage): AsyncGenerator<ProgressMessage> {
  const { source, archive, signal, ...query } = options;
  const { body } = await client.send('POST', '/images/create', {
    query: { fromSrc: source, ...query },
    stream: archive ?? empty(),
    signal,
  });
  yield* readProgress(body);
}

/** `POST /images/load`: an archive made by `saveImages`, or an OCI layout in a tar. `sync` waits until it is on the disk; Docker ignores it. */
export async function* loadImages(
  client: Client,
  archive: AsyncIterable<Uint8Array>,
  { quiet, sync, signal }: { quiet?: boolean; sync?: boolean; signal?: AbortSignal } = {},
): AsyncGenerator<ProgressMessage> {
  const { body } = await client.send('POST', '/images/load', { query: { quiet, sync }, stream: archive, signal });
  yield* readProgress(body);
}

/** `GET /images/get`: images as one tar archive; `total` are its bytes, where the engine tells them. */
export async function saveImages(
  client: Client,
  names: readonly string[],
  { platform, signal }: { platform?: string | undefined; signal?: AbortSignal } = {},
): Promise<{ body: Readable; total: number | undefined }> {
  const { body, headers } = await client.send('GET', '/images/get', { query: { names, platform }, signal });
  const length = headers['content-length'];
  return { body, total: typeof length === 'string' ? Number(length) : undefined };
}

/** `GET /images/search` */
export async function searchImages(
  client: Client,
  term: string,
  { limit }: { limit?: number | undefined } = {},
): Promise<{ name: string; description: string; star_count: number; is_official: boolean }[]> {
  return callJson(client, ['GET', '/images/search'], { query: { term, limit } });
}

function authHeader(auth: RegistryAuth | undefined): Record<string, string> {
  return auth === undefined ? {} : { 'X-Registry-Auth': formatAuthHeader(auth) };
}

/** Name, and tag or digest; a name alone means `latest`. */
export function splitReference(reference: string): { fromImage: string; tag: string } {
  const at = reference.indexOf('@');
  if (at >= 0) return { fromImage: reference.slice(0, at).replace(/:[\w.-]+$/, ''), tag: reference.slice(at + 1) };
  const colon = reference.lastIndexOf(':');
  if (colon <= reference.lastIndexOf('/')) return { fromImage: reference, tag: 'latest' };
  return { fromImage: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

async function* empty(): AsyncGenerator<Uint8Array> {}
