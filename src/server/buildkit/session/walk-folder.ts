import { lstatSync, type BigIntStats } from 'node:fs';
import { comparePaths } from '#engine/builder/contexts/compare-paths.ts';
import type { ContextEntry } from '#engine/builder/contexts/context-entry.ts';
import { attributesOf } from '#engine/snapshots/tree/attributes.ts';
import type { Root } from '#lib/files/open-root.ts';
import { parseDeviceNumber } from '#linux/mknod.ts';

/** All that is in a folder, in the order in which it is sent. What a file's other names are is told by the first one. */
export function* walkFolder(root: Root): Generator<ContextEntry> {
  yield* walk({ root, first: new Map() }, '');
}

interface Walk {
  root: Root;
  /** Files that have more names, by inode. */
  first: Map<string, string>;
}

function* walk(state: Walk, folder: string): Generator<ContextEntry> {
  const { root } = state;
  for (const name of root.readdir(folder).toSorted(comparePaths)) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const place = root.locate(path);
    const stats = lstatSync(place.path, { bigint: true });
    const kind = kindOf(stats);
    if (kind === undefined) continue;
    const { mode, uid, gid, xattrs, mtimeNs = 0n } = attributesOf(place, stats);
    const isDevice = kind === 'character' || kind === 'block';
    const { major, minor } = isDevice ? parseDeviceNumber(stats.rdev) : { major: 0, minor: 0 };
    const size = kind === 'file' ? Number(stats.size) : 0;
    const target = kind === 'symlink' ? root.readlink(path) : kind === 'file' ? otherName(state, path, stats) : '';
    yield { path, kind, mode, uid, gid, size, mtimeNs, target, major, minor, xattrs };
    if (kind === 'directory') yield* walk(state, path);
  }
}

function otherName({ first }: Walk, ...[path, { dev, ino, nlink }]: [string, BigIntStats]): string {
  if (nlink < 2n) return '';
  const inode = `${dev}:${ino}`;
  const known = first.get(inode);
  if (known === undefined) first.set(inode, path);
  return known ?? '';
}

function kindOf(stats: BigIntStats): ContextEntry['kind'] | undefined {
  if (stats.isDirectory()) return 'directory';
  if (stats.isFile()) return 'file';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character';
  if (stats.isBlockDevice()) return 'block';
  return stats.isFIFO() ? 'fifo' : undefined;
}
