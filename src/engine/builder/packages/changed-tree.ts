import { lstatSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isOpaque, isWhiteout } from '#engine/snapshots/tree/pack-tree.ts';
import type { Root } from '#lib/files/open-root.ts';

/** One name in what a step changed. */
export interface ChangedNode {
  name: string;
  kind: 'file' | 'directory' | 'symlink' | 'removed' | 'other';
  /** Bytes of a file. */
  size: number;
  /** Names that the file has among the changes. */
  links: number;
  mtimeNs: bigint;
  /** A folder that hides another one below it. The kernel marks new ones as if they did, where nothing is below as well. */
  hides: boolean;
  /** So marked, whether it hides something or not. */
  isOpaque: boolean;
  /** Of a folder. */
  children: readonly ChangedNode[];
}

/** Entries between two looks at what else waits. */
const BATCH = 500;

/** All that lies in the folder of a step's changes, over a tree. Nobody else writes there any more. */
export async function readChanges(root: Root, below: Root): Promise<readonly ChangedNode[]> {
  let count = 0;
  const names = new Map<string, number>();
  const read = async (folder: string): Promise<ChangedNode[]> => {
    const nodes: ChangedNode[] = [];
    for (const name of root.readdir(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const place = root.locate(path);
      const stats = lstatSync(place.path, { bigint: true });
      count += 1;
      if (count % BATCH === 0) await nextTurn();
      const kind = kindOf(stats);
      const isMarked = kind === 'directory' && isOpaque(place);
      const inode = `${stats.ino}`;
      if (stats.nlink > 1n && kind !== 'directory') names.set(inode, (names.get(inode) ?? 0) + 1);
      nodes.push({
        name,
        kind,
        size: kind === 'file' ? Number(stats.size) : 0,
        get links() {
          return names.get(inode) ?? 1;
        },
        mtimeNs: stats.mtimeNs,
        hides: isMarked && isFolder(below, path),
        isOpaque: isMarked,
        children: kind === 'directory' ? await read(path) : [],
      });
    }
    return nodes;
  };
  return read('');
}

function isFolder(root: Root, path: string): boolean {
  try {
    return root.lstat(path)?.isDirectory() === true;
  } catch {
    return false; // below something that is no folder
  }
}

function kindOf(stats: ReturnType<typeof lstatSync> & { rdev: bigint }): ChangedNode['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  return isWhiteout(stats) ? 'removed' : 'other';
}
