import type { LayerStore } from '#engine/layers/layer-store.ts';
import { decompress } from '#lib/compression/decompress.ts';
import { InvalidArgumentError, TooLargeError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Digest } from '#oci/digest.ts';
import { type ArchiveLayer, takeArchiveLayer } from './archive-layer.ts';
import { LAYER_HEAD_BYTES, looksLikeLayer } from './looks-like-layer.ts';
import { DOCUMENT_LIMIT_BYTES } from './read-document.ts';
import { type PassingEntry, splitArchive } from './split-archive.ts';

/** The files of an image archive that was read through once; layers that were not committed are gone when disposed. */
export interface Archive extends AsyncDisposable {
  has(path: string): boolean;
  /** A small file as text; symbolic links inside the archive are followed. @throws {InvalidArgumentError} if it is not there */
  text(path: string): string;
  /** @throws {InvalidArgumentError} if it is not there, or is no layer */
  layer(path: string): ArchiveLayer;
  /** A document by the digest of its bytes. */
  document(digest: Digest): Buffer | undefined;
  /** A layer by the digest of its bytes as the archive has them. @throws what was wrong with it */
  layerBlob(digest: Digest): ArchiveLayer | undefined;
}

export interface ReadArchiveOptions {
  signal?: AbortSignal | undefined;
  /** Told of each layer as it comes: bytes of it in the archive. */
  onBytes?: (path: string, progress: { current: number; total: number }) => void;
}

type File =
  | { kind: 'document'; bytes: Buffer; digest: Digest }
  | { kind: 'layer'; layer: ArchiveLayer }
  /** Says so when somebody wants it: what no image refers to may be anything. */
  | { kind: 'broken'; error: InvalidArgumentError | TooLargeError };

const FILES_LIMIT = 100_000;
/** Of all documents together, which are kept in memory. */
const DOCUMENTS_LIMIT_BYTES = 64 * 1024 * 1024;
/** Layers whose index is still being written while the next one comes. */
const PENDING_LIMIT = 1;
const HOPS = 40;

/**
 * Reads an archive, in any compression, once: its documents may come after the layers they describe, so whatever looks like a layer goes
 * straight into the layer store, under no name.
 * @throws {InvalidArgumentError} if it is broken; {TooLargeError}; {UnavailableError} if the disk is full; nothing is left behind
 */
export async function readArchive(
  layers: LayerStore,
  source: AsyncIterable<Uint8Array>,
  options: ReadArchiveOptions = {},
): Promise<Archive> {
  await using stack = new AsyncDisposableStack();
  const reading: Reading = {
    layers,
    options,
    files: new Map(),
    links: new Map(),
    pending: [],
    stack,
    documentBytes: 0,
  };
  for await (const entry of splitArchive(decompress(source))) await readEntry(reading, entry);
  await Promise.all(reading.pending);
  const { files } = reading;
  const find = (path: string): File | undefined => findFile(reading, path);
  const held = stack.move();
  return {
    has: (path) => find(path) !== undefined,
    text(path) {
      const file = find(path) ?? missing(path);
      if (file.kind === 'document') return file.bytes.toString();
      throw file.kind === 'broken' ? file.error : new InvalidArgumentError(`${path} is a layer, not a document`);
    },
    layer: (path) => layerOf(find(path) ?? missing(path), path),
    document(digest) {
      for (const file of files.values()) if (file.kind === 'document' && file.digest === digest) return file.bytes;
      return undefined;
    },
    layerBlob(digest) {
      for (const file of files.values()) if (file.kind === 'layer' && file.layer.digest === digest) return file.layer;
      const named = files.get(`blobs/${digest.replace(':', '/')}`);
      return named?.kind === 'broken' ? layerOf(named, digest) : undefined;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function missing(path: string): never {
  throw new InvalidArgumentError(`archive has no file ${path}`);
}

function layerOf(file: File, path: string): ArchiveLayer {
  if (file.kind === 'layer') return file.layer;
  throw file.kind === 'broken' ? file.error : new InvalidArgumentError(`layer ${path} is no tar archive`);
}

interface Reading {
  layers: LayerStore;
  options: ReadArchiveOptions;
  files: Map<string, File>;
  links: Map<string, string>;
  /** Layers whose bytes have come. */
  pending: Promise<void>[];
  stack: AsyncDisposableStack;
  documentBytes: number;
}

async function readEntry(reading: Reading, entry: PassingEntry): Promise<void> {
  const { files } = reading;
  const { name, kind, linkName } = entry.header;
  const path = normalise(name);
  if (path === undefined) throw new InvalidArgumentError(`${JSON.stringify(name)} leads out of the archive`);
  if (kind === 'symlink') putLink(reading, path, `${folderOf(path)}/${linkName}`);
  else if (kind === 'link') putLink(reading, path, linkName);
  if (kind !== 'file') return;
  if (files.size >= FILES_LIMIT) throw new TooLargeError(`archive has more than ${FILES_LIMIT} files`);
  const head = await readHead(entry.content);
  if (looksLikeLayer(head)) await readLayer(reading, { path, head, entry });
  else putFile(reading, path, await readDocument(reading, { path, head, entry }));
}

/** What two programs could read in two ways is of no use; the same twice is. */
function putFile({ files, links }: Reading, path: string, file: File): void {
  const former = files.get(path);
  const isSame = former === undefined ? !links.has(path) : digestOf(former) === digestOf(file);
  files.set(path, isSame ? file : twice(path));
}

function putLink({ files, links }: Reading, path: string, target: string): void {
  const isSame = !files.has(path) && (links.get(path) ?? target) === target;
  if (isSame) links.set(path, target);
  else files.set(path, twice(path));
}

function twice(path: string): File {
  const error = new InvalidArgumentError(`archive has two different files of the name ${path}`, {
    hint: 'make the archive again',
  });
  return { kind: 'broken', error };
}

/** Nothing is the same as what is broken. */
function digestOf(file: File): Digest | File {
  if (file.kind === 'broken') return file;
  return file.kind === 'document' ? file.digest : file.layer.digest;
}

async function readHead(content: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < LAYER_HEAD_BYTES) {
    const { value, done } = await content.next();
    if (done === true) break;
    // A copy of what is too short: its memory may be gone when the next piece is asked for.
    head = head.length === 0 && value.length >= LAYER_HEAD_BYTES ? value : Buffer.concat([head, value]);
  }
  return head;
}

interface Found {
  path: string;
  /** First bytes of the content, which the entry goes on from. */
  head: Buffer;
  entry: PassingEntry;
}

/** Waits until the layer's bytes have come; its index is written while the archive is read on. */
async function readLayer(reading: Reading, { path, head, entry }: Found): Promise<void> {
  const { layers, options, pending, stack } = reading;
  if (pending.length >= PENDING_LIMIT) await pending.shift();
  const come = Promise.withResolvers<void>();
  const total = entry.header.size;
  let current = head.length;
  const rest: AsyncIterator<Buffer> = {
    async next() {
      const result = await entry.content.next();
      if (result.done === true) come.resolve();
      else options.onBytes?.(path, { current: (current += result.value.length), total });
      return result;
    },
  };
  const taken = takeArchiveLayer(layers, { head, rest }, { signal: options.signal });
  stack.defer(async () => taken.then((layer) => layer[Symbol.asyncDispose]()).catch(() => {}));
  const kept = taken.then(
    (layer) => putFile(reading, path, { kind: 'layer', layer }),
    (error: unknown) => {
      if (!(error instanceof InvalidArgumentError)) throw error;
      putFile(reading, path, { kind: 'broken', error });
    },
  );
  kept.catch(() => {}); // waited for below
  pending.push(kept);
  await Promise.race([come.promise, kept]);
}

async function readDocument(reading: Reading, { path, head, entry }: Found): Promise<File> {
  if (entry.header.size > DOCUMENT_LIMIT_BYTES)
    return { kind: 'broken', error: new TooLargeError(`${path} has more than ${DOCUMENT_LIMIT_BYTES} bytes`) };
  const pieces = [Buffer.from(head)];
  for await (const piece of entry.content) pieces.push(Buffer.from(piece));
  const bytes = Buffer.concat(pieces);
  reading.documentBytes += bytes.length;
  if (reading.documentBytes > DOCUMENTS_LIMIT_BYTES)
    throw new TooLargeError(`archive has more than ${DOCUMENTS_LIMIT_BYTES} bytes of documents`, {
      why: 'it does not look like an archive of images',
      hint: 'to make an image from a file system archive, use `docker import`',
    });
  return { kind: 'document', bytes, digest: sha256(bytes) };
}

function findFile({ files, links }: Pick<Reading, 'files' | 'links'>, path: string): File | undefined {
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
