import type { ContentStore } from '#engine/content/store.ts';
import type { Ingested } from '#engine/content/ingest.ts';
import { decompress } from '#lib/compression/decompress.ts';
import { InvalidArgumentError, TooLargeError } from '#lib/errors.ts';
import { readTar } from '#lib/tar/read-tar.ts';
import type { Digest } from '#oci/digest.ts';
import { LAYER_LIMIT_BYTES } from './limits.ts';
import { DOCUMENT_LIMIT_BYTES } from './read-document.ts';

/** The files of an image archive that was read through once; gone when disposed. */
export interface Archive extends AsyncDisposable {
  /** A file by its path, symbolic links inside the archive followed. @throws {InvalidArgumentError} if it is not there */
  file(path: string): Ingested;
  has(path: string): boolean;
  /** A small file as text. */
  text(path: string): Promise<string>;
  /** A file by the digest of its bytes. */
  blob(digest: Digest): Ingested | undefined;
  /** Paths of files, sorted. */
  paths(): string[];
}

const FILES_LIMIT = 100_000;
const HOPS = 40;

/**
 * Reads an archive, in any compression, into the store's way in: its documents may come after the layers they describe.
 * @throws {InvalidArgumentError} if it is broken
 */
export async function readArchive(
  content: ContentStore,
  source: AsyncIterable<Uint8Array>,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<Archive> {
  await using stack = new AsyncDisposableStack();
  const files = new Map<string, Ingested>();
  const links = new Map<string, string>();
  for await (const entry of readTar(decompress(source))) {
    const { name, kind, linkName } = entry.header;
    const path = normalise(name);
    if (path === undefined) throw new InvalidArgumentError(`${JSON.stringify(name)} leads out of the archive`);
    if (kind === 'symlink') links.set(path, `${folderOf(path)}/${linkName}`);
    else if (kind === 'link') links.set(path, linkName);
    else if (kind === 'file') {
      if (files.size >= FILES_LIMIT) throw new TooLargeError(`archive has more than ${FILES_LIMIT} files`);
      const file = await content.ingest(entry.content, { limitBytes: LAYER_LIMIT_BYTES, signal });
      stack.use(file);
      files.set(path, file);
    }
  }
  const resolve = (path: string): Ingested | undefined => find({ files, links }, path);
  const file = (path: string): Ingested => {
    const found = resolve(path);
    if (found === undefined) throw new InvalidArgumentError(`archive has no file ${path}`);
    return found;
  };
  const byDigest = new Map([...files.values()].map((found) => [found.digest, found]));
  const held = stack.move();
  return {
    file,
    has: (path) => resolve(path) !== undefined,
    blob: (digest) => byDigest.get(digest),
    paths: () => [...files.keys()].toSorted(),
    async text(path) {
      const found = file(path);
      if (found.size > DOCUMENT_LIMIT_BYTES)
        throw new TooLargeError(`${path} has more than ${DOCUMENT_LIMIT_BYTES} bytes`);
      return Buffer.concat(await Array.fromAsync(found.read())).toString();
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function find(
  { files, links }: { files: ReadonlyMap<string, Ingested>; links: ReadonlyMap<string, string> },
  path: string,
): Ingested | undefined {
  let at = normalise(path);
  for (let hop = 0; at !== undefined && hop < HOPS; hop++) {
    const found = files.get(at);
    if (found !== undefined) return found;
    at = followOnce(links, at);
  }
  return undefined;
}

/** Replaces the first folder or name on the path that is a link. */
function followOnce(links: ReadonlyMap<string, string>, path: string): string | undefined {
  const parts = path.split('/');
  for (let length = 1; length <= parts.length; length++) {
    const target = links.get(parts.slice(0, length).join('/'));
    if (target !== undefined) return normalise([target, ...parts.slice(length)].join('/'));
  }
  return undefined;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Without dots; undefined if it climbs out. */
function normalise(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}
