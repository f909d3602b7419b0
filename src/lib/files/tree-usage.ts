import { constants } from 'node:fs';
import { lstat, open, opendir } from 'node:fs/promises';

/** What a tree takes. */
export interface Usage {
  /** Sum of the sizes of its files, each counted once however many names it has. */
  bytes: number;
  inodes: number;
}

/** Names as they are on disk; the declaration of `opendir` does not know that it takes this. */
const BYTES = { encoding: 'buffer' as BufferEncoding };
const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** A descriptor is open for each level; what lies deeper is not counted. */
const DEPTH_LIMIT = 512;

/**
 * Sums up a tree that others may change meanwhile: no link leads the walk out of it, what vanishes does not count, and neither does what
 * is mounted below.
 */
export async function treeUsage(tree: string): Promise<Usage> {
  const seen = new Set<string>();
  const usage = { bytes: 0, inodes: 0 };
  const { dev } = await lstat(tree);
  const visit = async (folder: string | Buffer, depth: number): Promise<void> => {
    await using handle = await open(folder, OPEN_DIRECTORY);
    const prefix = `/proc/self/fd/${handle.fd}/`;
    for await (const { name } of await opendir(prefix, BYTES)) {
      const path = Buffer.concat([Buffer.from(prefix), name as unknown as Buffer]);
      const stats = await lstat(path).catch(() => undefined);
      if (stats === undefined || stats.dev !== dev) continue;
      const inode = `${stats.ino}`;
      if (stats.nlink > 1 && !stats.isDirectory() && seen.has(inode)) continue;
      if (stats.nlink > 1) seen.add(inode);
      usage.inodes += 1;
      if (stats.isFile()) usage.bytes += stats.size;
      if (stats.isDirectory() && depth < DEPTH_LIMIT) await visit(path, depth + 1).catch(() => {});
    }
  };
  await visit(tree, 0);
  return usage;
}
