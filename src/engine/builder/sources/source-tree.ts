import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { cleanPath } from '#dockerfile/clean-path.ts';
import { compileIgnore, type Ignore, isPattern, matchesName } from '#dockerfile/ignore.ts';
import { type Attributes, attributesOf } from '#engine/snapshots/tree/attributes.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { Root } from '#lib/files/open-root.ts';
import { parseDeviceNumber } from '#linux/mknod.ts';

/** Where COPY and ADD take files from: the context, a stage or an image. */
export interface SourceTree {
  root: Root;
  /** How messages name it. */
  kind: 'context' | 'stage';
  /** Digests of files that were read before. */
  digests: Map<string, string>;
  /** Files that a layer took over, with what they were like: their attributes are the layer's now. */
  taken: Map<string, Attributes>;
}

/** Something to copy. */
export interface SourceEntry {
  /** Path in the source. */
  path: string;
  /** Path below the target; `` for the thing that was named itself. */
  relative: string;
  kind: 'directory' | 'file' | 'symlink' | 'character' | 'block' | 'fifo';
  attributes: Attributes;
  /** Bytes of a file. */
  size: number;
  /** Names the file behind several links; empty for one alone. */
  inode: string;
  /** Target of a symbolic link. */
  target: string;
  major: number;
  minor: number;
}

/** One thing that an instruction names, with all below it. */
export interface Source {
  /** As it would be named in a folder. */
  name: string;
  /** Cleaned path in the source, as it was named. */
  path: string;
  isDirectory: boolean;
  entries: SourceEntry[];
}

/** The sources that a word names; several when it is a pattern. @throws {NotFoundError} {InvalidArgumentError} with Docker's texts */
export function findSources(tree: SourceTree, written: string, exclude: readonly string[]): Source[] {
  const path = relativePath(tree, written);
  const found = isPattern(path) ? matchPaths(tree.root, path.split('/')) : [path];
  if (found.length === 0)
    throw new InvalidArgumentError('COPY failed: no source files were specified', {
      why: `nothing matches ${written}`,
    });
  const ignore = compileIgnore(exclude);
  return found.map((name) => readSource(tree, { name, written }, ignore));
}

function relativePath({ kind }: SourceTree, written: string): string {
  const cleaned = cleanPath(written.startsWith('/') ? `.${written}` : written);
  if (cleaned !== '..' && !cleaned.startsWith('../')) return cleaned === '.' ? '' : cleaned;
  if (kind === 'stage') return cleanPath(`/${written}`).slice(1);
  throw new InvalidArgumentError(`COPY failed: forbidden path outside the build context: ${written} ()`, {
    hint: 'move the file into the context, or build from a folder above',
  });
}

function matchPaths(root: Root, parts: readonly string[]): string[] {
  let folders = [''];
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    folders = folders.flatMap((folder) => {
      if (root.stat(folder)?.isDirectory() !== true) return [];
      const names = isPattern(part) ? root.readdir(folder).filter((name) => matchesName(part, name)) : [part];
      return names
        .map((name) => (folder === '' ? name : `${folder}/${name}`))
        .filter((path) => (isLast ? root.lstat(path) !== undefined : root.stat(path)?.isDirectory() === true));
    });
  }
  return folders;
}

function readSource(tree: SourceTree, { name, written }: { name: string; written: string }, ignore: Ignore): Source {
  const real = resolveSource(tree, name, written);
  const entries = [...walk(tree, { path: real, relative: '' }, ignore)];
  const [first] = entries;
  if (first === undefined) throw missing(tree, written);
  const base = name.slice(name.lastIndexOf('/') + 1);
  return { name: base, path: name, isDirectory: first.kind === 'directory', entries };
}

/** A link that is named leads to what it points at, inside the source. */
function resolveSource(tree: SourceTree, ...[name, written]: [name: string, written: string]): string {
  try {
    const real = tree.root.resolveInRoot(name, { follow: true }).slice(1);
    if (tree.root.lstat(real) !== undefined) return real;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
  throw missing(tree, written);
}

function missing({ kind }: SourceTree, written: string): NotFoundError {
  const shown = written.replace(/^\.?\//, '');
  return kind === 'context'
    ? new NotFoundError(
        `COPY failed: file not found in build context or excluded by .dockerignore: stat ${shown}: file does not exist`,
      )
    : new NotFoundError(`COPY failed: stat ${shown}: file does not exist`);
}

function* walk(tree: SourceTree, at: { path: string; relative: string }, ignore: Ignore): Generator<SourceEntry> {
  const { root, taken } = tree;
  const { path, relative } = at;
  const isExcluded = relative !== '' && !ignore.isEmpty && ignore.excludes(relative);
  const place = root.locate(path);
  const stats = lstatSync(place.path, { bigint: true });
  const kind = kindOf(stats);
  if (kind === undefined || (isExcluded && (kind !== 'directory' || !ignore.mayHoldExceptions(relative)))) return;
  const device = kind === 'character' || kind === 'block' ? parseDeviceNumber(stats.rdev) : { major: 0, minor: 0 };
  const attributes = taken.get(path) ?? attributesOf(place, stats);
  const inode = kind === 'file' && stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : '';
  const target = kind === 'symlink' ? root.readlink(path) : '';
  if (!isExcluded) yield { path, relative, kind, attributes, size: Number(stats.size), inode, target, ...device };
  if (kind !== 'directory') return;
  for (const name of root.readdir(path))
    yield* walk(
      tree,
      { path: path === '' ? name : `${path}/${name}`, relative: relative === '' ? name : `${relative}/${name}` },
      ignore,
    );
}

function kindOf(stats: import('node:fs').BigIntStats): SourceEntry['kind'] | undefined {
  if (stats.isDirectory()) return 'directory';
  if (stats.isFile()) return 'file';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character';
  if (stats.isBlockDevice()) return 'block';
  return stats.isFIFO() ? 'fifo' : undefined;
}

/** Digest of what is copied: names, kinds, modes and bytes; owners where they are kept; never times. */
export async function digestSource(
  tree: SourceTree,
  { entries, name }: Source,
  { withOwner, signal }: { withOwner: boolean; signal: AbortSignal },
): Promise<string> {
  const hash = createHash('sha256');
  for (const entry of entries) {
    signal.throwIfAborted();
    const { relative, kind, attributes, target, major, minor } = entry;
    // A folder's own mode is not what people look at when they wonder why nothing was cached; it matters nevertheless.
    const content = kind === 'file' ? await digestFile(tree, entry) : target;
    const owner = withOwner ? [attributes.uid, attributes.gid] : [];
    const xattrs = [...attributes.xattrs].map(([key, value]) => [key, value.toString('hex')]);
    hash.update(
      `${JSON.stringify([relative === '' ? name : relative, kind, attributes.mode, owner, content, major, minor, xattrs])}\n`,
    );
  }
  return hash.digest('hex');
}

async function digestFile({ root, digests }: SourceTree, { path }: SourceEntry): Promise<string> {
  const known = digests.get(path);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for await (const chunk of openContent(root, path)) hash.update(chunk);
  const digest = hash.digest('hex');
  digests.set(path, digest);
  return digest;
}

const readAsync = promisify(read);
const CHUNK_BYTES = 1024 * 1024;
/** To wait for each of thousands of small files would cost more than their bytes. */
const SMALL_BYTES = 64 * 1024;

/** Content of a regular file. */
export async function* openContent(root: Root, path: string): AsyncGenerator<Buffer> {
  const fd = root.openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size } = fstatSync(fd);
    if (size > SMALL_BYTES) yield* readLarge(fd);
    else {
      const buffer = Buffer.allocUnsafe(size);
      yield buffer.subarray(0, readSync(fd, buffer, 0, size, 0));
    }
  } finally {
    closeSync(fd);
  }
}

async function* readLarge(fd: number): AsyncGenerator<Buffer> {
  for (;;) {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await readAsync(fd, { buffer });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
