import { type BigIntStats, closeSync, constants, linkSync, lstatSync, read, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readXattrs, setMtime } from '#engine/snapshots/tree/attributes.ts';
import { isOpaque } from '#engine/snapshots/tree/pack-tree.ts';
import { isErrno } from '#lib/files/file-error.ts';
import type { Root } from '#lib/files/open-root.ts';

const readLater = promisify(read);
const BATCH = 500;
const CHUNK_BYTES = 1024 * 1024;
const SMALL_BYTES = 256 * 1024;
const UNFINISHED = '.berth-linked';

/** Two trees that are compared path by path. */
interface Pair {
  one: Root;
  other: Root;
}

/**
 * Whether two trees give the same tar: the same names, kinds, attributes, times and contents. What costs nothing is looked at first, for
 * all of them.
 */
export async function isEqualTree(one: Root, other: Root): Promise<boolean> {
  const files: ComparedFile[] = [];
  const twins = { one: new Map<bigint, string>(), other: new Map<bigint, string>() };
  let count = 0;
  const compare = async (folder: string): Promise<boolean> => {
    const names = one.readdir(folder);
    const others = other.readdir(folder);
    if (names.length !== others.length || names.some((name, at) => name !== others[at])) return false;
    for (const name of names) {
      const path = folder === '' ? name : `${folder}/${name}`;
      count += 1;
      if (count % BATCH === 0) await nextTurn();
      const [own, theirs] = [statsAt(one, path), statsAt(other, path)];
      if (!isAlike({ one, other }, path, [own, theirs])) return false;
      if (own.isDirectory() && !(await compare(path))) return false;
      if (!own.isFile()) continue;
      // Names of one file must be names of one file there as well.
      const first = nameOnce(twins.one, own, path);
      if (first !== nameOnce(twins.other, theirs, path)) return false;
      if (first === path && own.ino !== theirs.ino) files.push({ path, size: Number(own.size) });
    }
    return true;
  };
  if (!(await compare(''))) return false;
  const buffers: Buffers = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
  for (const [at, file] of files.entries()) {
    if (at % BATCH === BATCH - 1) await nextTurn();
    if (!(await haveSameBytes({ one, other }, file, buffers))) return false;
  }
  return true;
}

/** One whose content has to be looked at. */
interface ComparedFile {
  path: string;
  /** Bytes, on both sides. */
  size: number;
}

/** Lets equal trees share their files. Nobody may write to either of them any more, and nobody may have the first one mounted. */
export async function linkFiles(one: Root, other: Root): Promise<void> {
  let count = 0;
  const link = async (folder: string): Promise<void> => {
    const self = folder === '' ? '' : `${folder}/.`;
    const { mtimeNs } = statsAt(one, self);
    for (const name of one.readdir(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      count += 1;
      if (count % BATCH === 0) await nextTurn();
      const [own, theirs] = [statsAt(one, path), statsAt(other, path)];
      if (own.isDirectory()) await link(path);
      else if (own.isFile() && own.ino !== theirs.ino) replaceByLink({ one, other }, path, folder);
    }
    setMtime(one.locate(self), mtimeNs);
  };
  await link('');
}

function replaceByLink({ one, other }: Pair, ...[path, folder]: [path: string, folder: string]): void {
  const unfinished = folder === '' ? UNFINISHED : `${folder}/${UNFINISHED}`;
  try {
    linkSync(other.locate(path).path, one.locate(unfinished).path);
  } catch (error) {
    if (isErrno(error, 'EMLINK')) return; // a file has only so many names
    throw error;
  }
  one.rename(unfinished, path);
}

function statsAt(root: Root, path: string): BigIntStats {
  return lstatSync(root.locate(path).path, { bigint: true });
}

function nameOnce(names: Map<bigint, string>, { ino, nlink }: BigIntStats, path: string): string {
  if (nlink === 1n) return path;
  const first = names.get(ino) ?? path;
  names.set(ino, first);
  return first;
}

function isAlike({ one, other }: Pair, path: string, [own, theirs]: [BigIntStats, BigIntStats]): boolean {
  const isPlain = own.mode === theirs.mode && own.uid === theirs.uid && own.gid === theirs.gid;
  if (!isPlain || own.mtimeNs !== theirs.mtimeNs || own.rdev !== theirs.rdev) return false;
  if (own.isDirectory()) {
    const folder = `${path}/.`;
    const isSame = isOpaque(one.locate(folder)) === isOpaque(other.locate(folder));
    return isSame && xattrsOf(one, folder) === xattrsOf(other, folder);
  }
  if (own.size !== theirs.size || xattrsOf(one, path) !== xattrsOf(other, path)) return false;
  return !own.isSymbolicLink() || one.readlink(path) === other.readlink(path);
}

function xattrsOf(root: Root, path: string): string {
  const xattrs = [...readXattrs(root.locate(path))].map(([name, value]) => `${name}=${value.toString('hex')}`);
  return xattrs.toSorted().join('\n');
}

/** Memory for pieces of two files, used again and again. */
type Buffers = readonly [own: Buffer, theirs: Buffer];

async function haveSameBytes({ one, other }: Pair, { path, size }: ComparedFile, buffers: Buffers): Promise<boolean> {
  using own = openToRead(one, path);
  using theirs = openToRead(other, path);
  const files = [own.fd, theirs.fd] as const;
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, size - at);
    const piece = { at, length };
    // To hand a small piece to another thread costs more than to read it.
    if (length <= SMALL_BYTES) readNow(files, piece, buffers);
    else await readBoth(files, piece, buffers);
    const [first, second] = buffers;
    if (!first.subarray(0, length).equals(second.subarray(0, length))) return false;
  }
  return true;
}

function openToRead(root: Root, path: string): { fd: number } & Disposable {
  const fd = root.openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

type Files = readonly [own: number, theirs: number];

interface Piece {
  at: number;
  length: number;
}

/** What is missing of a file that became shorter counts as zeros on this side, and as something else on the other. */
function readNow(files: Files, { at, length }: Piece, buffers: Buffers): void {
  for (const side of [0, 1] as const) {
    buffers[side].fill(side, 0, length);
    readSync(files[side], buffers[side], { offset: 0, length, position: at });
  }
}

async function readBoth(files: Files, { at, length }: Piece, buffers: Buffers): Promise<void> {
  const readSide = async (side: 0 | 1): Promise<void> => {
    buffers[side].fill(side, 0, length);
    await readLater(files[side], buffers[side], 0, length, at);
  };
  await Promise.all([readSide(0), readSide(1)]);
}
