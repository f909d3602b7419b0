import { closeSync, constants, fchmodSync, fchownSync, lstatSync, mkdirSync } from 'node:fs';
import { setImmediate as pause } from 'node:timers/promises';
import { setAttributes, setMtime, setXattrs } from '#engine/snapshots/tree/attributes.ts';
import { ffiPath } from '#engine/snapshots/tree/ffi-path.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import type { Located, Root } from '#lib/files/open-root.ts';
import { makeNode } from '#linux/mknod.ts';
import type { Source, SourceEntry, SourceTree } from '../sources/source-tree.ts';
import { applyChmod, folderMode } from './chmod.ts';
import { copyContent } from './copy-content.ts';
import { type Takeover } from './take-over.ts';
import { createSmallFiles, type SmallFiles } from './write-small.ts';

/** How files arrive. */
export interface WriteOptions {
  /** Owner of all; undefined keeps each one's own. */
  owner: { uid: number; gid: number } | undefined;
  chmod: string | undefined;
  signal: AbortSignal;
  /** Large files are only listed here, by the path they come to, and are to be put in place by `takeOver`. */
  takeovers?: Map<string, Takeover>;
}

/** Others get their turn after so many entries. */
const TURN = 256;
const TAKEOVER_BYTES = 1024 * 1024;
/** Readable too, so that what was written can be looked at. */
const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;

/**
 * Copies a source into a tree. A folder's content goes into the folder at `path`, which keeps what it is like; anything else is put at `path`
 * itself. Links in the folders of `path` lead on inside the tree; in what is copied, a link is never followed.
 */
export async function writeSource(
  { from, to }: { from: SourceTree; to: Root },
  { source, path }: { source: Source; path: string },
  options: WriteOptions,
): Promise<void> {
  using small = createSmallFiles({ from, to });
  const writer: Writer = { from, to, options, small, times: [], links: new Map() };
  for (const [index, entry] of source.entries.entries()) {
    options.signal.throwIfAborted();
    if (index % TURN === TURN - 1) await pause();
    if (entry.relative === '' && entry.kind === 'directory') openTop(writer, path);
    else await writeEntry(writer, entry, entry.relative === '' ? path : `${path}/${entry.relative}`);
  }
  for (const { path: folder, mtimeNs } of writer.times.toReversed()) setMtime(to.locate(`${folder}/.`), mtimeNs);
}

interface Writer {
  from: SourceTree;
  to: Root;
  options: WriteOptions;
  small: SmallFiles;
  /** Times of folders; set when nothing more comes into them. */
  times: { path: string; mtimeNs: bigint }[];
  /** Places of files that have more links, by inode. */
  links: Map<string, string>;
}

function openTop({ to, options }: Writer, path: string): void {
  const existing = to.stat(path);
  if (existing?.isDirectory() === true) return;
  if (existing !== undefined) throw noFolder(path);
  makeFolders(to, path, { owner: options.owner, mode: folderMode(options.chmod) });
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
    openFolder(to, path);
    const { mtimeNs, ...rest } = attributes;
    setAttributes(to.locate(path), rest);
    if (mtimeNs !== undefined) writer.times.push({ path, mtimeNs });
    return;
  }
  if (writer.small.copy(entry, path, attributes)) return;
  const place = clearPlace(to, path);
  options.takeovers?.delete(place.canonical);
  const linked = writer.links.get(entry.inode);
  if (linked !== undefined) {
    to.link(linked, place.canonical);
    return;
  }
  if (entry.inode !== '') writer.links.set(entry.inode, place.canonical);
  if (entry.kind === 'file' && isTaken(writer, entry)) {
    closeSync(to.openFile(place.canonical, CREATE, 0o600));
    const { mtimeNs } = lstatSync(writer.from.root.locate(entry.path).path, { bigint: true });
    const exact = { ...attributes, mtimeNs };
    options.takeovers?.set(place.canonical, { from: writer.from, entry, attributes: exact });
    return;
  }
  if (entry.kind === 'file') {
    await writeFile(writer, { ...entry, attributes }, place.canonical);
    return;
  }
  if (entry.kind === 'symlink') to.symlink(entry.target, place.canonical);
  else makeNode(ffiPath(place), { kind: entry.kind, mode: attributes.mode, major: entry.major, minor: entry.minor });
  setAttributes(to.locate(place.canonical), attributes, { isLink: entry.kind === 'symlink' });
}

/** A folder that is there becomes like the one that comes; a link is none. */
function openFolder(to: Root, path: string): void {
  const existing = to.lstat(path);
  if (existing === undefined) to.mkdir(path, 0o700);
  else if (!existing.isDirectory()) throw noFolder(path);
}

function noFolder(path: string): InvalidArgumentError {
  return new InvalidArgumentError(`cannot copy a directory to a non-directory: /${path}`, {
    why: 'something else of that name is in the image already',
    hint: 'copy to another place, or remove it in a step before',
  });
}

/** Makes a folder with all missing ones above it; 0755 root unless told otherwise. */
export function makeFolders(
  to: Root,
  path: string,
  { owner, mode = 0o755 }: { owner?: { uid: number; gid: number } | undefined; mode?: number } = {},
): void {
  const makeParent = (parent: Located): void => {
    mkdirSync(parent.path, 0o755);
    setAttributes(parent, { mode, uid: owner?.uid ?? 0, gid: owner?.gid ?? 0, xattrs: new Map() });
  };
  try {
    to.locate(`${path}/.`, { makeParent });
  } catch (error) {
    throw fileError(error, `/${path}`);
  }
}

/** What is at a place gives way, but a folder does not. */
function clearPlace(to: Root, path: string): Located {
  const existing = to.lstat(path);
  if (existing?.isDirectory() === true)
    throw new InvalidArgumentError(`cannot copy a file to a directory of that name: /${path}`, {
      why: 'a folder of that name is in the image already',
      hint: 'copy to another place, or remove it in a step before',
    });
  if (existing !== undefined) to.remove(path);
  return to.locate(path);
}

/** A large file of the context; what goes with the build is the layer's from now on, if it is no other's already. */
function isTaken({ from, options }: Writer, entry: SourceEntry): boolean {
  if (options.takeovers === undefined || from.kind !== 'context' || entry.size < TAKEOVER_BYTES) return false;
  if (entry.inode !== '' || from.taken.has(entry.path)) return false;
  if (from.mayTake !== true) return true;
  from.taken.set(entry.path, entry.attributes);
  return true;
}

async function writeFile({ from, to, options }: Writer, entry: SourceEntry, path: string): Promise<void> {
  const { mode, uid, gid, xattrs } = entry.attributes;
  let mtimeNs: bigint;
  const fd = to.openFile(path, CREATE, 0o600);
  try {
    ({ mtimeNs } = await copyContent(from, entry, { fd, signal: options.signal }));
    fchownSync(fd, uid, gid);
    fchmodSync(fd, mode);
  } catch (error) {
    throw fileError(error, `/${path}`);
  } finally {
    closeSync(fd);
  }
  const place = to.locate(path);
  setXattrs(place, xattrs);
  setMtime(place, mtimeNs);
}
