import { type Stats, closeSync, constants, lstatSync, openSync, readdirSync } from 'node:fs';
import { setImmediate as pause } from 'node:timers/promises';

/** What a tree takes. */
export interface Usage {
  /** Sum of the sizes of its files, each counted once however many names it has. */
  bytes: number;
  inodes: number;
}

const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** A descriptor is open for each level; what lies deeper is not counted. */
const DEPTH_LIMIT = 512;
/** Others get their turn after so many entries: to wait for each would cost more than to look at it. */
const TURN = 500;

/**
 * Sums up a tree that others may change meanwhile: no link leads the walk out of it, what vanishes does not count, and neither does what
 * is mounted below.
 */
export async function treeUsage(tree: string): Promise<Usage> {
  const seen = new Set<string>();
  const usage = { bytes: 0, inodes: 0 };
  const { dev } = lstatSync(tree);
  const visit = async (folder: string | Buffer, depth: number): Promise<void> => {
    const fd = openSync(folder, OPEN_DIRECTORY);
    try {
      const prefix = Buffer.from(`/proc/self/fd/${fd}/`);
      for (const name of readdirSync(prefix, { encoding: 'buffer' })) {
        const path = Buffer.concat([prefix, name]);
        const stats = statsAt(path);
        if (stats === undefined || stats.dev !== dev) continue;
        const inode = `${stats.ino}`;
        if (stats.nlink > 1 && !stats.isDirectory() && seen.has(inode)) continue;
        if (stats.nlink > 1) seen.add(inode);
        usage.inodes += 1;
        if (usage.inodes % TURN === 0) await pause();
        if (stats.isFile()) usage.bytes += stats.size;
        if (stats.isDirectory() && depth < DEPTH_LIMIT) await visit(path, depth + 1).catch(() => {});
      }
    } finally {
      closeSync(fd);
    }
  };
  await visit(tree, 0);
  return usage;
}

/** Undefined for what vanished, and for what cannot be looked at. */
function statsAt(path: Buffer): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
