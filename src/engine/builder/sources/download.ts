import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InvalidArgumentError, NotImplementedError, TooLargeError, UnavailableError } from '#lib/errors.ts';
import { fileSource } from './inline-source.ts';
import type { Vertex } from '../progress/events.ts';
import type { Source, SourceTree } from './source-tree.ts';

const LIMIT_BYTES = 32 * 1024 ** 3;

/** Whether ADD fetches what a word names. */
export function isUrl(word: string): boolean {
  return /^(https?|git|ssh):\/\//i.test(word) || word.startsWith('git@');
}

/**
 * Fetches a file for ADD: mode 0600, its time as the server tells it.
 * @throws {UnavailableError} if it cannot be had; {TooLargeError}; {InvalidArgumentError} for a wrong checksum
 */
export async function download(
  url: string,
  {
    scratch,
    checksum,
    signal,
    vertex,
  }: { scratch: string; checksum: string | undefined; signal: AbortSignal; vertex: Vertex },
): Promise<{ tree: SourceTree; source: Source }> {
  const { protocol, pathname } = new URL(url);
  if (!/^https?:$/.test(protocol) || pathname.endsWith('.git'))
    throw new NotImplementedError('ADD from a git repository is not supported', {
      hint: 'clone it into the build context',
    });
  const name = decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1));
  if (name === '')
    throw new InvalidArgumentError(`cannot determine a file name from ${url}`, {
      hint: 'give the whole path of a file as destination',
    });
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new UnavailableError(`ADD failed: ${url} cannot be fetched`, {
      why: String((error as Error).cause ?? error),
      cause: error,
    });
  });
  if (!response.ok || response.body === null)
    throw new UnavailableError(`ADD failed: ${url}: ${response.status} ${response.statusText}`);
  vertex.note(`Downloading ${url}`);
  const folder = await mkdtemp(join(scratch, 'url-'));
  const path = join(folder, 'content');
  const hash = createHash('sha256');
  await pipeline(
    response.body as AsyncIterable<Uint8Array>,
    (chunks) => measured(chunks, hash),
    createWriteStream(path, { mode: 0o600 }),
    { signal },
  );
  const digest = `sha256:${hash.digest('hex')}`;
  if (checksum !== undefined && checksum !== '' && checksum !== digest)
    throw new InvalidArgumentError(`ADD failed: ${url}: digest mismatch ${digest}: ${checksum}`);
  const modified = Date.parse(response.headers.get('last-modified') ?? '');
  await utimes(path, Number.isNaN(modified) ? 0 : modified / 1000, Number.isNaN(modified) ? 0 : modified / 1000);
  return fileSource(folder, name);
}

async function* measured(
  chunks: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > LIMIT_BYTES) throw new TooLargeError(`ADD failed: more than ${LIMIT_BYTES} bytes`);
    hash.update(chunk);
    yield chunk;
  }
}
