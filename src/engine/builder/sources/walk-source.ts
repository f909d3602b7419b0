import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import type { Ignore, IgnoreMatch } from '#dockerfile/ignore.ts';
import { type Attributes, readXattrs } from '#engine/snapshots/tree/attributes.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import { decodeName, nameBytes } from '#lib/files/name.ts';
import { O_PATH } from '#lib/files/o-path.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';
import { parseDeviceNumber } from '#linux/mknod.ts';
import { type FileFacts, statFileAt } from '#linux/stat-at.ts';
import type { FileStamp } from './file-digests.ts';
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
const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

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
  found: SourceEntry[];
  /** Folders that are there only if something in them is. */
  pending: SourceEntry[];
}

/**
 * What is at a path and below it, folders before what is in them, names sorted. Symbolic links are not followed; folders are held by
 * descriptor, so that nobody who swaps names meanwhile leads it elsewhere.
 * @param path without symbolic links
 * @throws {InvalidArgumentError} for a tree that is deeper than a walk can follow
 */
export function walkSource(tree: SourceTree, path: string, selection: Selection = {}): SourceEntry[] {
  const walk: Walk = { tree, selection, found: [], pending: [] };
  const matches = matchesOf(tree, path);
  const entry = attempt(path, () => anyEntry(tree, { path, relative: '' }, tree.root.locate(path).path));
  const isWhole = matches.ignore?.isExcluded !== true;
  if (entry === undefined) return [];
  (isWhole ? walk.found : walk.pending).push(entry);
  if (entry.kind !== 'directory') return walk.found;
  const { exclude, include } = selection;
  if (tree.listing !== undefined && (tree.ignore ?? exclude ?? include) === undefined)
    return [...walk.found, ...tree.listing.below(path)];
  const fd = tree.root.openFile(`${path}/.`, OPEN_DIRECTORY);
  try {
    walkFolder(walk, fd, { path, relative: '', matches, depth: 0 });
  } finally {
    closeSync(fd);
  }
  return walk.found;
}

/** What the ignore file says of a path, from the top. */
function matchesOf({ ignore }: SourceTree, path: string): Matches {
  if (ignore === undefined || path === '') return {};
  let match: IgnoreMatch | undefined;
  const parts = path.split('/');
  for (const index of parts.keys()) match = ignore.match(parts.slice(0, index + 1).join('/'), match);
  return { ignore: match };
}

function walkFolder(walk: Walk, fd: number, folder: Folder): void {
  const { tree, found, pending } = walk;
  for (const name of namesIn(fd)) {
    const path = folder.path === '' ? name : `${folder.path}/${name}`;
    const relative = folder.relative === '' ? name : `${folder.relative}/${name}`;
    const matches = below(walk, folder.matches, { path, relative });
    const isTaken = isWanted(matches);
    // What is left out need not even be looked at, unless something in it may be wanted.
    if (!isTaken && !mayHold(walk, matches, { path, relative })) continue;
    const spot = { fd, name, path, relative };
    const entry = look(tree, spot);
    if (entry === undefined || (!isTaken && entry.kind !== 'directory')) continue;
    if (isTaken) found.push(...pending.splice(0), entry);
    if (entry.kind !== 'directory') continue;
    const waiting = pending.length;
    if (!isTaken) pending.push(entry);
    descend(walk, childPath(spot), { path, relative, matches, depth: folder.depth + 1 });
    // Nothing of it was wanted.
    pending.length = Math.min(pending.length, waiting);
  }
}

function descend(walk: Walk, place: string | Buffer, folder: Folder): void {
  if (folder.depth >= DEPTH_LIMIT) throw new InvalidArgumentError(`${folder.path.slice(0, 80)}…: too deep`);
  const fd = unlessGone(() => openSync(place, OPEN_DIRECTORY));
  if (fd === undefined) return;
  try {
    walkFolder(walk, fd, folder);
  } finally {
    closeSync(fd);
  }
}

interface Place {
  path: string;
  relative: string;
}

const NO_MATCHES: Matches = {};

function below({ tree, selection }: Walk, folder: Matches, { path, relative }: Place): Matches {
  const { exclude, include } = selection;
  if (tree.ignore === undefined && exclude === undefined && include === undefined) return NO_MATCHES;
  return {
    ignore: tree.ignore?.match(path, folder.ignore),
    exclude: exclude?.match(relative, folder.exclude),
    include: include?.match(relative, folder.include),
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
  const place = `/proc/self/fd/${fd}/.`;
  const names = unlessGone(() => readdirSync(place)) ?? [];
  // Names that are no UTF-8 are read again as the bytes that they are.
  const exact = names.some((name) => name.includes('\uFFFD'))
    ? readdirSync(place, { encoding: 'buffer' }).map((name) => decodeName(name as unknown as Buffer))
    : names;
  return exact.toSorted((a, b) => (a < b ? -1 : 1));
}

/** A name in an open folder, with the paths that it has. */
interface Spot extends Place {
  fd: number;
  name: string;
}

function childPath({ fd, name }: Pick<Spot, 'fd' | 'name'>): string | Buffer {
  return name.isWellFormed()
    ? `/proc/self/fd/${fd}/${name}`
    : Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), nameBytes(name)]);
}

/** What is at a place; undefined for a socket, and for what is gone since its folder was read. */
function look(tree: SourceTree, spot: Spot): SourceEntry | undefined {
  return attempt(spot.path, () => {
    // Names that are no UTF-8 are rare: they go the longer way.
    const facts = spot.name.isWellFormed() ? statFileAt(spot.fd, spot.name) : 'other';
    if (facts === undefined) return undefined;
    if (facts === 'other') return anyEntry(tree, spot, childPath(spot));
    return fileEntry(tree, spot, { facts, place: () => childPath(spot) });
  });
}

/** Others may swap what is there while it is looked at. */
function attempt<T>(path: string, work: () => T): T | undefined {
  try {
    return unlessGone(work);
  } catch (error) {
    throw fileError(error, path);
  }
}

/** There may be very many of them: what is known is not asked for again. */
function fileEntry(
  tree: SourceTree,
  at: Place,
  { facts, place }: { facts: FileFacts; place: () => string | Buffer },
): SourceEntry {
  const { path, relative } = at;
  const { device, inode: number, links, size, ctimeMs, mtimeMs } = facts;
  const stamp = { device, inode: number, ctimeMs, mtimeMs, size };
  const known = tree.known?.find(stamp);
  if (known !== undefined) tree.digests.set(path, known.digest);
  const inode = links > 1 ? `${device}:${number}` : '';
  // What is not known is opened and read later on, which tells in passing whether there are any.
  const isUnread = known === undefined && tree.isLive === true;
  const isPlain = isUnread || known?.isPlain === true;
  const xattrs = isPlain ? NO_XATTRS : readXattrs({ path: place(), canonical: '' });
  const attributes = tree.taken.get(path) ?? attributesAt(tree, facts, { xattrs, mtimeNs: nanoseconds(mtimeMs) });
  const entry = { path, relative, attributes, size, inode, target: '', major: 0, minor: 0, stamp };
  return { ...entry, kind: 'file', ...(isUnread && { isUnread }) };
}

function anyEntry(tree: SourceTree, at: Place, place: string | Buffer): SourceEntry | undefined {
  const stats = lstatSync(place, { bigint: true });
  if (stats.isFile()) {
    const { dev: device, ino: inode, mode, uid, gid, nlink: links, size, ctimeMs, mtimeMs } = lstatSync(place);
    const facts = { device, inode, mode: mode & 0o7777, uid, gid, links, size, ctimeMs, mtimeMs };
    return fileEntry(tree, at, { facts, place: () => place });
  }
  const kind = kindOf(stats);
  if (kind === undefined) return undefined;
  const { path, relative } = at;
  const isDevice = kind === 'character' || kind === 'block';
  const device = isDevice ? parseDeviceNumber(stats.rdev) : { major: 0, minor: 0 };
  const target = kind === 'symlink' ? decodeName(readlinkSync(place, { encoding: 'buffer' })) : '';
  const { mtimeNs } = stats;
  const attributes = attributesAt(tree, stats, { xattrs: readXattrs({ path: place, canonical: '' }), mtimeNs });
  return { path, relative, kind, attributes, size: Number(stats.size), inode: '', target, ...device };
}

/** The last digits are lost; who copies the file asks for them. */
function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000)) * 1000n;
}

export function stampOf({ dev: device, ino: inode, ctimeMs, mtimeMs, size }: Stats): FileStamp {
  return { device, inode, ctimeMs, mtimeMs, size };
}

function attributesAt(
  { owner }: SourceTree,
  stats: { mode: number | bigint; uid: number | bigint; gid: number | bigint },
  { xattrs, mtimeNs }: Required<Pick<Attributes, 'xattrs' | 'mtimeNs'>>,
): Attributes {
  const mode = Number(stats.mode) & 0o7777;
  return { mode, uid: owner?.uid ?? Number(stats.uid), gid: owner?.gid ?? Number(stats.gid), xattrs, mtimeNs };
}

interface Kinds {
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isCharacterDevice(): boolean;
  isBlockDevice(): boolean;
  isFIFO(): boolean;
}

function kindOf(stats: Kinds): Exclude<SourceEntry['kind'], 'file'> | undefined {
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character';
  if (stats.isBlockDevice()) return 'block';
  return stats.isFIFO() ? 'fifo' : undefined;
}
