import { type BigIntStats, closeSync, lstatSync, read, readSync } from 'node:fs';
import { setImmediate as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CancelledError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import { openRegular } from '#lib/files/open-regular.ts';
import type { Located, Root } from '#lib/files/open-root.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';
import { type TarHeader, tarHeader, type TarKind } from '#lib/tar/header.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { parseDeviceNumber } from '#linux/mknod.ts';
import { getXattr } from '#linux/xattr.ts';
import { attributesOf } from './attributes.ts';
import { createSmallEntries, type SmallEntries } from './small-entries.ts';
import { ffiPath } from './ffi-path.ts';

export interface PackOptions {
  /** Name of the packed path in the archive; `` leaves the path's own entry out and names what is in it from there. */
  as?: string;
  /** Write what overlayfs uses to hide lower files as the whiteouts of a layer. */
  whiteouts?: boolean;
  /** Whether there is a folder of that path below: the kernel marks new folders as hiding what is below also where nothing is. */
  isFolderBelow?: (path: string) => boolean;
  /** Leaves out a path and all below it. */
  skip?: (path: string) => boolean;
  signal?: AbortSignal | undefined;
}

const CHUNK_BYTES = 1024 * 1024;
/** To wait for each of thousands of small files would cost more than their bytes. */
const SMALL_BYTES = 64 * 1024;
const readAt = promisify(read);

/** A tree as a tar archive, names sorted, links after what they link to. Equal trees give equal bytes. Sockets are left out. */
export async function* packTree(root: Root, start: string, options: PackOptions = {}): AsyncGenerator<Buffer> {
  const first = new Map<string, string>();
  // In a tree that nobody changes, folders can be held open.
  using small = options.whiteouts === true ? createSmallEntries(root) : undefined;
  // Small headers go out together.
  let gathered: Buffer[] = [];
  let bytes = 0;
  for await (const piece of packPath({ root, first, small, options }, { path: start, name: options.as ?? '' })) {
    gathered.push(piece);
    bytes += piece.length;
    if (bytes < CHUNK_BYTES) continue;
    // Small files are read without waiting: others get their turn here.
    await pause();
    yield gathered.length === 1 ? piece : Buffer.concat(gathered);
    gathered = [];
    bytes = 0;
  }
  yield Buffer.concat([...gathered, TAR_END]);
}

interface Packing {
  root: Root;
  /** Name under which a file with several links was written, by device and inode. */
  first: Map<string, string>;
  small: SmallEntries | undefined;
  options: PackOptions;
}

async function* packPath(packing: Packing, { path, name }: { path: string; name: string }): AsyncGenerator<Buffer> {
  const { root, options } = packing;
  if (options.skip?.(path) === true) return;
  if (options.signal?.aborted === true)
    throw new CancelledError('packing was cancelled', { cause: options.signal.reason });
  const entry = packing.small?.read(path, name);
  if (entry !== undefined) {
    yield entry;
    return;
  }
  const found = look(root, { path, name });
  if (found === undefined) return;
  const { place, stats, header } = found;
  if (options.whiteouts === true && isWhiteout(stats)) {
    yield tarEntry(tarHeader({ name: whiteoutName(name), kind: 'file', mode: 0o444 }));
    return;
  }
  if (header.kind === 'file') yield* packFile(packing, { header, stats, path });
  else if (header.kind !== 'directory') yield tarEntry(header);
  else {
    const prefix = name === '' ? '' : `${name}/`;
    const isHiding = options.whiteouts === true && isOpaque(place) && options.isFolderBelow?.(path) !== false;
    const children = unlessGone(() => root.readdir(path)) ?? [];
    if (name !== '') yield tarEntry({ ...header, name: prefix });
    if (isHiding) yield tarEntry(tarHeader({ name: `${prefix}.wh..wh..opq`, kind: 'file', mode: 0o444 }));
    for (const child of children) yield* packPath(packing, { path: `${path}/${child}`, name: `${prefix}${child}` });
  }
}

interface Seen {
  place: Located;
  stats: BigIntStats;
  header: TarHeader;
}

/** What is at a path, all at one moment; undefined for a socket, and for what is gone since its folder was read. */
function look(root: Root, { path, name }: { path: string; name: string }): Seen | undefined {
  return unlessGone(() => {
    const place = root.locate(path);
    const stats = lstatSync(place.path, { bigint: true });
    const kind = kindOf(stats);
    if (kind === undefined) return undefined;
    const header = headerOf({ place, stats, kind }, name);
    return { place, stats, header: kind === 'symlink' ? { ...header, linkName: root.readlink(path) } : header };
  });
}

async function* packFile(
  { root, first, options }: Packing,
  { header, stats, path }: { header: TarHeader; stats: BigIntStats; path: string },
): AsyncGenerator<Buffer> {
  const inode = `${stats.dev}:${stats.ino}`;
  const earlier = stats.nlink > 1n ? first.get(inode) : undefined;
  if (earlier !== undefined) {
    yield tarEntry({ ...header, kind: 'link', linkName: earlier, size: 0, xattrs: new Map() });
    return;
  }
  const file = unlessGone(() => openRegular(root, path));
  if (file === undefined) return;
  if (stats.nlink > 1n) first.set(inode, header.name);
  const { fd } = file;
  try {
    yield tarEntry(header);
    yield* content(fd, header.size, options.signal);
    yield tarPadding(header.size);
  } catch (error) {
    throw fileError(error, path);
  } finally {
    closeSync(fd);
  }
}

/** Exactly as many bytes as the header said, also if the file changes meanwhile: what is missing is zero. */
async function* content(fd: number, size: number, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  if (size > SMALL_BYTES) yield* largeContent(fd, size, signal);
  else if (size > 0) {
    const buffer = Buffer.allocUnsafe(size);
    const bytesRead = readSync(fd, buffer, { position: 0 });
    yield buffer.fill(0, bytesRead);
  }
}

/** The next piece is read while somebody works on the one before. */
async function* largeContent(fd: number, size: number, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const readFrom = async (at: number): Promise<Buffer | undefined> => {
    if (at >= size) return undefined;
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
    const { bytesRead } = await readAt(fd, { buffer, position: at });
    return bytesRead === 0 ? buffer.fill(0) : buffer.subarray(0, bytesRead);
  };
  let next = readFrom(0);
  try {
    for (let at = 0; ;) {
      const piece = await next;
      if (piece === undefined) return;
      if (signal?.aborted === true) throw new CancelledError('packing was cancelled', { cause: signal.reason });
      at += piece.length;
      next = readFrom(at);
      next.catch(() => {}); // thrown when its turn comes
      yield piece;
    }
  } finally {
    await next.catch(() => {}); // the descriptor is closed then
  }
}

function headerOf(
  { place, stats, kind }: { place: Located; stats: BigIntStats; kind: TarKind },
  name: string,
): TarHeader {
  const { mtimeNs = 0n, ...attributes } = attributesOf(place, stats);
  const device = kind === 'character' || kind === 'block' ? parseDeviceNumber(stats.rdev) : {};
  return tarHeader({ name, kind, ...attributes, mtimeNs, ...device, size: kind === 'file' ? Number(stats.size) : 0 });
}

function kindOf(stats: BigIntStats): TarKind | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character';
  if (stats.isBlockDevice()) return 'block';
  return stats.isFIFO() ? 'fifo' : undefined;
}

/** Whether overlayfs hides the name in the layers below by this file. */
export function isWhiteout(stats: { isCharacterDevice(): boolean; rdev: bigint | number }): boolean {
  return stats.isCharacterDevice() && BigInt(stats.rdev) === 0n;
}

/** Whether overlayfs hides the content of this folder in the layers below. */
export function isOpaque(place: Located): boolean {
  return getXattr(ffiPath(place), 'trusted.overlay.opaque')?.toString() === 'y';
}

function whiteoutName(name: string): string {
  const slash = name.lastIndexOf('/') + 1;
  return `${name.slice(0, slash)}.wh.${name.slice(slash)}`;
}
