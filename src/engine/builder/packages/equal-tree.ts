import { type BigIntStats, linkSync, lstatSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readXattrs, setMtime } from '#engine/snapshots/tree/attributes.ts';
import { isOpaque } from '#engine/snapshots/tree/pack-tree.ts';
import { isErrno } from '#lib/files/file-error.ts';
import type { Root } from '#lib/files/open-root.ts';

const BATCH = 500;
/** Most files are smaller and hold next to nothing of the bytes: to link them would cost more than it saves. */
const LEAST_LINKED_BYTES = 16n * 1024n;
const UNFINISHED = '.berth-linked';

/** Two trees that are compared path by path. */
interface Pair {
  one: Root;
  other: Root;
}

/** Whether two trees are the same but for what is in their files: the same names, kinds, sizes, attributes and times. */
export async function isAlikeTree(one: Root, other: Root): Promise<boolean> {
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
      if (nameOnce(twins.one, own, path) !== nameOnce(twins.other, theirs, path)) return false;
    }
    return true;
  };
  return compare('');
}

/** Lets trees that give the same tar share their larger files. Nobody may write to either of them any more, and nobody may have the first one mounted. */
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
      else if (own.isFile() && own.size >= LEAST_LINKED_BYTES && own.ino !== theirs.ino)
        replaceByLink({ one, other }, path, folder);
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
