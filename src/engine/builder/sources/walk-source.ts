import { type BigIntStats, closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import type { Ignore, IgnoreMatch } from '#dockerfile/ignore.ts';
import { type Attributes, readXattrs } from '#engine/snapshots/tree/attributes.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import { decodeName, nameBytes } from '#lib/files/name.ts';
import { O_PATH } from '#lib/files/o-path.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';
import { parseDeviceNumber } from '#linux/mknod.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';

/** Which of the things below a folder are wanted; by their paths below it. */
export interface Selection {
  /** `--exclude`. */
  exclude?: Ignore | undefined;
  /** What `--parents` names; all if absent. */
  include?: Ignore | undefined;
}

const OPEN_DIRECTORY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const DEPTH_LIMIT = 128;
const NO_DEVICE = { major: 0, minor: 0 };

/** What the patterns say of a folder. */
interface Matches {
  ignore?: IgnoreMatch | undefined;
  exclude?: IgnoreMatch | undefined;
  include?: IgnoreMatch | undefined;
}

interface Folder {
  path: string;
  relative: string;
  matches: Matches;
  depth: number;
}

interface Walk {
  tree: SourceTree;
  selection: Selection;
  /** Folders that are there only if something in them is. */
  pending: SourceEntry[];
}

/**
 * What is at a path and below it, folders before what is in them, names sorted. Symbolic links are not followed; folders are held by
 * descriptor, so that nobody who swaps names meanwhile leads it elsewhere.
 * @param path without symbolic links
 * @throws {InvalidArgumentError} for a tree that is deeper than a walk can follow
 */
export function* walkSource(tree: SourceTree, path: string, selection: Selection = {}): Generator<SourceEntry> {
  const walk: Walk = { tree, selection, pending: [] };
  const matches = matchesOf(tree, path);
  const place = tree.root.locate(path).path;
  const entry = look(tree, { place, path, relative: '' });
  if (entry === undefined) return;
  const isWhole = matches.ignore?.isExcluded !== true;
  if (entry.kind !== 'directory') {
    if (isWhole) yield entry;
    return;
  }
  if (isWhole) yield entry;
  else walk.pending.push(entry);
  const { exclude, include } = selection;
  if (tree.listing !== undefined && (tree.ignore ?? exclude ?? include) === undefined) {
    yield* tree.listing.below(path);
    return;
  }
  const fd = tree.root.openFile(`${path}/.`, OPEN_DIRECTORY);
  try {
    yield* walkFolder(walk, fd, { path, relative: '', matches, depth: 0 });
  } finally {
    closeSync(fd);
  }
}

/** What the ignore file says of a path, from the top. */
function matchesOf({ ignore }: SourceTree, path: string): Matches {
  if (ignore === undefined || path === '') return {};
  let match: IgnoreMatch | undefined;
  const parts = path.split('/');
  for (const index of parts.keys()) match = ignore.match(parts.slice(0, index + 1).join('/'), match);
  return { ignore: match };
}

function* walkFolder(walk: Walk, fd: number, folder: Folder): Generator<SourceEntry> {
  const { tree } = walk;
  for (const name of namesIn(fd)) {
    const path = folder.path === '' ? name : `${folder.path}/${name}`;
    const relative = folder.relative === '' ? name : `${folder.relative}/${name}`;
    const matches = below(walk, folder.matches, { path, relative });
    const isTaken = isWanted(matches);
    // What is left out need not even be looked at, unless something in it may be wanted.
    if (!isTaken && !mayHold(walk, matches, { path, relative })) continue;
    const place = childPath(fd, name);
    const entry = look(tree, { place, path, relative });
    if (entry === undefined || (!isTaken && entry.kind !== 'directory')) continue;
    if (isTaken) {
      yield* walk.pending.splice(0);
      yield entry;
    }
    if (entry.kind !== 'directory') continue;
    const waiting = walk.pending.length;
    if (!isTaken) walk.pending.push(entry);
    yield* descend(walk, place, { path, relative, matches, depth: folder.depth + 1 });
    // Nothing of it was wanted.
    walk.pending.length = Math.min(walk.pending.length, waiting);
  }
}

function* descend(walk: Walk, place: string | Buffer, folder: Folder): Generator<SourceEntry> {
  if (folder.depth >= DEPTH_LIMIT) throw new InvalidArgumentError(`${folder.path.slice(0, 80)}…: too deep`);
  const fd = unlessGone(() => openSync(place, OPEN_DIRECTORY));
  if (fd === undefined) return;
  try {
    yield* walkFolder(walk, fd, folder);
  } finally {
    closeSync(fd);
  }
}

interface Place {
  path: string;
  relative: string;
}

function below({ tree, selection }: Walk, folder: Matches, { path, relative }: Place): Matches {
  return {
    ignore: tree.ignore?.match(path, folder.ignore),
    exclude: selection.exclude?.match(relative, folder.exclude),
    include: selection.include?.match(relative, folder.include),
  };
}

function isWanted({ ignore, exclude, include }: Matches): boolean {
  const isOut = ignore?.isExcluded === true || exclude?.isExcluded === true;
  return !isOut && include?.isExcluded !== false;
}

/** Whether something below a folder that is not wanted itself may be. */
function mayHold({ tree, selection }: Walk, { ignore, exclude }: Matches, { path, relative }: Place): boolean {
  if (ignore?.isExcluded === true && tree.ignore?.mayHoldExceptions(path) !== true) return false;
  return exclude?.isExcluded !== true || selection.exclude?.mayHoldExceptions(relative) === true;
}

/** A folder's names, sorted. */
function namesIn(fd: number): string[] {
  const names = unlessGone(() => readdirSync(`/proc/self/fd/${fd}/.`, { encoding: 'buffer' })) ?? [];
  return names.map((name) => decodeName(name as unknown as Buffer)).toSorted((a, b) => (a < b ? -1 : 1));
}

function childPath(fd: number, name: string): string | Buffer {
  return name.isWellFormed()
    ? `/proc/self/fd/${fd}/${name}`
    : Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), nameBytes(name)]);
}

/** What is at a place; undefined for a socket, and for what is gone since its folder was read. */
function look(
  tree: SourceTree,
  { place, path, relative }: Place & { place: string | Buffer },
): SourceEntry | undefined {
  try {
    return unlessGone(() => {
      const stats = lstatSync(place, { bigint: true });
      const kind = kindOf(stats);
      if (kind === undefined) return undefined;
      const target = kind === 'symlink' ? decodeName(readlinkSync(place, { encoding: 'buffer' })) : '';
      const device = kind === 'character' || kind === 'block' ? parseDeviceNumber(stats.rdev) : NO_DEVICE;
      const attributes = tree.taken.get(path) ?? attributesAt(tree, place, stats);
      const inode = kind === 'file' && stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : '';
      const entry = { path, relative, kind, attributes, size: Number(stats.size), inode, target, ...device };
      return kind === 'file' ? { ...entry, stamp: stampOf(stats) } : entry;
    });
  } catch (error) {
    throw fileError(error, path);
  }
}

export function stampOf({
  dev: device,
  ino: inode,
  ctimeNs,
  mtimeNs,
  size,
}: BigIntStats): NonNullable<SourceEntry['stamp']> {
  return { device, inode, ctimeNs, mtimeNs, size };
}

function attributesAt({ owner }: SourceTree, place: string | Buffer, stats: BigIntStats): Attributes {
  return {
    mode: Number(stats.mode & 0o7777n),
    uid: owner?.uid ?? Number(stats.uid),
    gid: owner?.gid ?? Number(stats.gid),
    xattrs: readXattrs({ path: place, canonical: '' }),
    mtimeNs: stats.mtimeNs,
  };
}

function kindOf(stats: BigIntStats): SourceEntry['kind'] | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character';
  if (stats.isBlockDevice()) return 'block';
  return stats.isFIFO() ? 'fifo' : undefined;
}
