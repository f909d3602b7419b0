import { type BigIntStats, lstatSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { attributesOf } from '#engine/snapshots/tree/attributes.ts';
import type { Root } from '#lib/files/open-root.ts';

const BATCH = 500;

/**
 * Whether two trees are the same without reading files: the same names, each file the very same inode, folders with the same attributes and
 * times. Their tars are then the same.
 */
export async function isSameTree(one: Root, other: Root): Promise<boolean> {
  let count = 0;
  const compare = async (folder: string): Promise<boolean> => {
    const [names, others] = [one.readdir(folder), other.readdir(folder)];
    if (names.length !== others.length) return false;
    for (const [at, name] of names.entries()) {
      const path = folder === '' ? name : `${folder}/${name}`;
      count += 1;
      if (count % BATCH === 0) await nextTurn();
      if (name !== others[at]) return false;
      const [own, theirs] = [statsAt(one, path), statsAt(other, path)];
      if (!own.isDirectory()) {
        if (own.dev !== theirs.dev || own.ino !== theirs.ino) return false;
        continue;
      }
      if (!theirs.isDirectory() || !areSame(one, other, path) || !(await compare(path))) return false;
    }
    return true;
  };
  return compare('');
}

function statsAt(root: Root, path: string): BigIntStats {
  return lstatSync(root.locate(path).path, { bigint: true });
}

function areSame(one: Root, other: Root, path: string): boolean {
  const [own, theirs] = [one, other].map((root) => {
    const { xattrs, mtimeNs, ...rest } = attributesOf(root.locate(`${path}/.`));
    return JSON.stringify([rest, `${mtimeNs}`, [...xattrs].map(([name, value]) => [name, value.toString('hex')])]);
  });
  return own === theirs;
}
