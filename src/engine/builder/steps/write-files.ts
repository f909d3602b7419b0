import { closeSync, constants, mkdirSync, write as writeCallback, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { setAttributes, setMtime } from '#engine/snapshots/tree/attributes.ts';
import { ffiPath } from '#engine/snapshots/tree/ffi-path.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import type { Located, Root } from '#lib/files/open-root.ts';
import { makeNode } from '#linux/mknod.ts';
import { applyChmod } from './chmod.ts';
import { type Takeover } from './take-over.ts';
import { openContent, type Source, type SourceEntry, type SourceTree } from '../sources/source-tree.ts';

/** How files arrive. */
export interface WriteOptions {
  /** Owner of all; undefined keeps each one's own. */
  owner: { uid: number; gid: number } | undefined;
  chmod: string | undefined;
  signal: AbortSignal;
  /** Takes large files over instead of copying them: what is listed here is to be put in place by `takeOver`. */
  takeovers?: Takeover[];
}

const write = promisify(writeCallback);
const TAKEOVER_BYTES = 1024 * 1024;
const SMALL_BYTES = 64 * 1024;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/**
 * Copies a source into a tree. A folder's content goes into the folder at `path`; anything else is put at `path` itself. Links of the tree
 * lead on inside it.
 */
export async function writeSource(
  { from, to }: { from: SourceTree; to: Root },
  { source, path }: { source: Source; path: string },
  options: WriteOptions,
): Promise<void> {
  const writer: Writer = { from, to, options, times: [], links: new Map() };
  for (const entry of source.entries) {
    options.signal.throwIfAborted();
    await writeEntry(writer, entry, entry.relative === '' ? path : `${path}/${entry.relative}`);
  }
  for (const { path: folder, mtimeNs } of writer.times.toReversed()) setMtime(to.locate(`${folder}/.`), mtimeNs);
}

interface Writer {
  from: SourceTree;
  to: Root;
  options: WriteOptions;
  /** Times of folders that were made; set when nothing more comes into them. */
  times: { path: string; mtimeNs: bigint }[];
  /** Places of files that have more links, by inode. */
  links: Map<string, string>;
}

async function writeEntry(writer: Writer, entry: SourceEntry, path: string): Promise<void> {
  const { to, options } = writer;
  const attributes = {
    ...entry.attributes,
    ...options.owner,
    ...(options.chmod !== undefined && {
      mode: applyChmod(options.chmod, entry.attributes.mode, entry.kind === 'directory'),
    }),
  };
  if (entry.kind === 'directory') {
    if (!makeFolder(writer, path)) return;
    const { mtimeNs, ...rest } = attributes;
    setAttributes(to.locate(`${path}/.`), rest);
    if (mtimeNs !== undefined) writer.times.push({ path, mtimeNs });
    return;
  }
  const place = clearPlace(writer, path);
  const linked = writer.links.get(entry.inode);
  if (linked !== undefined) {
    to.link(linked, place.canonical);
    return;
  }
  if (entry.inode !== '') writer.links.set(entry.inode, place.canonical);
  if (entry.kind === 'file' && isTaken(writer, entry)) {
    closeSync(to.openFile(place.canonical, CREATE, 0o600));
    options.takeovers?.push({ from: writer.from, path: entry.path, target: place.canonical, attributes });
    return;
  }
  if (entry.kind === 'file') await writeFile(writer, entry, place.canonical);
  else if (entry.kind === 'symlink') to.symlink(entry.target, place.canonical);
  else makeNode(ffiPath(place), { kind: entry.kind, mode: attributes.mode, major: entry.major, minor: entry.minor });
  setAttributes(to.locate(place.canonical), attributes, { isLink: entry.kind === 'symlink' });
}

/** @returns whether it was made; one that is there stays as it is */
function makeFolder({ to, options }: Writer, path: string): boolean {
  const existing = to.stat(path);
  if (existing?.isDirectory() === true) return false;
  if (existing !== undefined || to.lstat(path) !== undefined)
    throw new InvalidArgumentError(`cannot copy a directory to a non-directory: /${path}`);
  makeFolders(to, path, options.owner);
  return true;
}

/** Makes a folder with all missing ones above it. */
export function makeFolders(to: Root, path: string, owner: { uid: number; gid: number } | undefined): void {
  const makeParent = (parent: Located): void => {
    mkdirSync(parent.path, 0o755);
    setAttributes(parent, { mode: 0o755, uid: owner?.uid ?? 0, gid: owner?.gid ?? 0, xattrs: new Map() });
  };
  try {
    to.locate(`${path}/.`, { makeParent });
  } catch (error) {
    throw fileError(error, `/${path}`);
  }
}

/** What is at a place gives way, but a folder does not. */
function clearPlace({ to, options }: Writer, path: string): Located {
  const slash = path.lastIndexOf('/');
  if (slash > 0) makeFolders(to, path.slice(0, slash), options.owner);
  const existing = to.lstat(path);
  if (existing?.isDirectory() === true)
    throw new InvalidArgumentError(`cannot copy a file to a directory of that name: /${path}`);
  if (existing !== undefined) to.remove(path);
  return to.locate(path);
}

/** A large file that no layer has yet; it is only marked here. */
function isTaken({ from, options }: Writer, entry: SourceEntry): boolean {
  if (options.takeovers === undefined || from.kind !== 'context' || entry.size < TAKEOVER_BYTES) return false;
  if (from.taken.has(entry.path) || entry.inode !== '') return false;
  from.taken.set(entry.path, entry.attributes);
  return true;
}

async function writeFile({ from, to, options }: Writer, entry: SourceEntry, path: string): Promise<void> {
  const fd = to.openFile(path, CREATE, 0o600);
  try {
    for await (const chunk of openContent(from.root, entry.path)) {
      options.signal.throwIfAborted();
      await writeChunk(fd, chunk);
    }
  } catch (error) {
    throw fileError(error, `/${path}`);
  } finally {
    closeSync(fd);
  }
}

async function writeChunk(fd: number, chunk: Buffer): Promise<void> {
  if (chunk.length <= SMALL_BYTES) writeSync(fd, chunk);
  else for (let at = 0; at < chunk.length;) at += (await write(fd, chunk, at)).bytesWritten;
}
