import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InvalidArgumentError, TooLargeError } from '#lib/errors.ts';
import type { ContextAsk } from './context-source.ts';
import type { KeptDownload } from './kept-downloads.ts';
import { openUrl, shown } from './network/open-url.ts';

const LIMIT_BYTES = 32 * 1024 ** 3;
/** Progress is told so often at most. */
const TOLD_EVERY_MS = 100;

/** What a download needs to know. */
export type DownloadAsk = Pick<ContextAsk, 'scratch' | 'signal' | 'vertex' | 'secrets' | 'guardNetwork' | 'downloads'>;

/** A file that was fetched. */
export interface Downloaded {
  /** Folder that holds it alone, named `content`; it goes with the build's scratch folder. */
  folder: string;
  /** Hexadecimal sha256. */
  digest: string;
  /** As the server tells it; milliseconds since epoch. */
  modifiedMs: number | undefined;
  /** The name that the server gives it, if it does; without folders. */
  name: string | undefined;
}

/** What an address gives out, if the server says that it is what an earlier build fetched. @throws {UnavailableError} {PermissionDeniedError} */
export async function unchangedDownload(url: string, ask: DownloadAsk): Promise<KeptDownload | undefined> {
  const kept = await ask.downloads?.find(url);
  if (kept === undefined) return undefined;
  const { signal, guardNetwork = false } = ask;
  const authorization = await authorizationOf(url, ask);
  const { isUnchanged, body } = await openUrl(url, { guard: guardNetwork, authorization, etag: kept.etag, signal });
  for await (const _ of body) break; // the rest is not wanted
  return isUnchanged ? kept : undefined;
}

/**
 * Fetches a file: mode 0600, its time as the server tells it.
 * @throws {UnavailableError} if it cannot be had; {PermissionDeniedError} if it may not; {TooLargeError}
 */
export async function download(url: string, ask: DownloadAsk): Promise<Downloaded> {
  const { scratch, signal, vertex } = ask;
  const authorization = await authorizationOf(url, ask);
  const answer = await openUrl(url, { guard: ask.guardNetwork === true, authorization, signal });
  const total = Number(answer.headers['content-length'] ?? 0);
  if (total > LIMIT_BYTES) throw tooLarge(url);
  vertex.note(`Downloading ${shown(url)}`);
  const folder = await mkdtemp(join(scratch, 'url-'));
  const path = join(folder, 'content');
  const hash = createHash('sha256');
  const tell = createTeller(ask, total);
  async function* counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes > LIMIT_BYTES) throw tooLarge(url);
      hash.update(chunk);
      tell(bytes, false);
      yield chunk;
    }
    tell(bytes, true);
  }
  await pipeline(answer.body, counted, createWriteStream(path, { mode: 0o600 }), { signal });
  const modified = Date.parse(answer.headers['last-modified'] ?? '');
  const modifiedMs = Number.isNaN(modified) ? undefined : modified;
  await utimes(path, (modifiedMs ?? 0) / 1000, (modifiedMs ?? 0) / 1000);
  const name = givenName(answer.headers['content-disposition']);
  const digest = hash.digest('hex');
  const { etag } = answer.headers;
  if (etag !== undefined) await ask.downloads?.put(url, { etag, digest, ...(name !== undefined && { name }) });
  return { folder, digest, modifiedMs, name };
}

/** @throws {InvalidArgumentError} if a file is another one than was asked for */
export function checkDigest(url: string, digest: string, checksum: string): void {
  if (`sha256:${digest}` === checksum) return;
  throw new InvalidArgumentError(`ADD failed: ${shown(url)}: digest mismatch sha256:${digest}: ${checksum}`, {
    why: 'the server gives out another file than the one that was checked',
    hint: 'check the file, and write its digest behind --checksum',
  });
}

/** @throws {InvalidArgumentError} for a checksum that no file can have */
export function parseChecksum(checksum: string): string {
  if (/^sha256:[0-9a-f]{64}$/.test(checksum)) return checksum.slice('sha256:'.length);
  throw new InvalidArgumentError(`invalid checksum ${JSON.stringify(checksum)}`, {
    why: 'it is sha256: with 64 hexadecimal digits behind it',
    hint: 'sha256sum prints the digits',
  });
}

/** Secrets by which a client gives credentials for a host. */
async function authorizationOf(url: string, { secrets }: DownloadAsk): Promise<string | undefined> {
  if (secrets === undefined || !URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  const header = await secrets.get(`HTTP_AUTH_HEADER_${hostname}`);
  if (header !== undefined) return header.toString('utf8').trim();
  const token = await secrets.get(`HTTP_AUTH_TOKEN_${hostname}`);
  return token === undefined ? undefined : `Bearer ${token.toString('utf8').trim()}`;
}

function tooLarge(url: string): TooLargeError {
  return new TooLargeError(`${shown(url)} has more than ${LIMIT_BYTES} bytes`);
}

function createTeller({ vertex }: DownloadAsk, total: number): (bytes: number, isDone: boolean) => void {
  const started = Date.now();
  let told = 0;
  return (current, isDone) => {
    const now = Date.now();
    if (!isDone && now - told < TOLD_EVERY_MS) return;
    told = now;
    vertex.status({ id: 'downloading', current, total, started, completed: isDone ? now : undefined });
  };
}

/** `filename` of Content-Disposition (RFC 6266), without folders. */
function givenName(header: string | undefined): string | undefined {
  const [, quoted, plain] = /;\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header ?? '') ?? [];
  const name = (quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '').split('/').at(-1) ?? '';
  return ['', '.', '..'].includes(name) || name.includes('\0') ? undefined : name;
}
