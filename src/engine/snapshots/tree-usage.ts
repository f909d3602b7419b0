import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Usage } from './snapshotter.ts';

/** Bytes of the files of a tree, each counted once, and the number of inodes. What vanishes meanwhile does not count. */
export async function treeUsage(tree: string): Promise<Usage> {
  const seen = new Set<string>();
  const usage = { bytes: 0, inodes: 0 };
  const visit = async (folder: string): Promise<void> => {
    const entries = await opendir(folder).catch(() => undefined);
    if (entries === undefined) return;
    for await (const entry of entries) {
      const path = join(folder, entry.name);
      const stats = await lstat(path).catch(() => undefined);
      if (stats === undefined) continue;
      const inode = `${stats.dev}:${stats.ino}`;
      if (stats.nlink > 1 && !stats.isDirectory() && seen.has(inode)) continue;
      seen.add(inode);
      usage.inodes += 1;
      if (stats.isFile()) usage.bytes += stats.size;
      if (stats.isDirectory()) await visit(path);
    }
  };
  await visit(tree);
  return usage;
}
