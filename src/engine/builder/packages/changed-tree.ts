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
  /** Names that the file has, here or elsewhere. */
  links: number;
  mtimeNs: bigint;
  /** A folder that hides what is below it. */
  hides: boolean;
  /** Of a folder. */
  children: readonly ChangedNode[];
}

/** Entries between two looks at what else waits. */
const BATCH = 500;

/** All that lies in the folder of a step's changes. Nobody else writes there any more. */
export async function readChanges(root: Root): Promise<readonly ChangedNode[]> {
  let count = 0;
  const read = async (folder: string): Promise<ChangedNode[]> => {
    const nodes: ChangedNode[] = [];
    for (const name of root.readdir(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const place = root.locate(path);
      const stats = lstatSync(place.path, { bigint: true });
      count += 1;
      if (count % BATCH === 0) await nextTurn();
      const kind = kindOf(stats);
      nodes.push({
        name,
        kind,
        size: kind === 'file' ? Number(stats.size) : 0,
        links: Number(stats.nlink),
        mtimeNs: stats.mtimeNs,
        hides: kind === 'directory' && isOpaque(place),
        children: kind === 'directory' ? await read(path) : [],
      });
    }
    return nodes;
  };
  return read('');
}

function kindOf(stats: ReturnType<typeof lstatSync> & { rdev: bigint }): ChangedNode['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  return isWhiteout(stats) ? 'removed' : 'other';
}
