import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { getXattr, listXattrs } from '#linux/xattr.ts';

/** Larger files are sparse, and are compared by their size alone. */
const READ_LIMIT_BYTES = 2n ** 27n;

/** Times that ext4 has; a folder there shows others as the nearest of these, a layer file as they are. */
const FIRST_NS = -(2n ** 31n) * 1_000_000_000n;
const LAST_NS = 15_032_385_535n * 1_000_000_000n;

/** A line for each file below a folder, with all that programs see of it; names are bytes. */
export function treeOf(root: string): string[] {
  const lines: string[] = [];
  const folders: Buffer[] = [Buffer.from(root)];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const names = readdirSync(folder, { encoding: 'buffer' }) as unknown as Buffer[];
    for (const name of names) {
      const path = Buffer.concat([folder, Buffer.from('/'), name]);
      const stats = lstatSync(path, { bigint: true });
      if (stats.isDirectory()) folders.push(path);
      lines.push(`${path.subarray(root.length).toString('latin1')} ${describe(path, stats)}`);
    }
  }
  return lines.toSorted();
}

function describe(path: Buffer, stats: BigIntStats): string {
  const { mode, uid, gid, mtimeNs, nlink, rdev } = stats;
  const terminated = Buffer.concat([path, Buffer.alloc(1)]) as unknown as string;
  const attributes = listXattrs(terminated).map((name) => `${name}=${getXattr(terminated, name)?.toString('hex')}`);
  const size = stats.isFile() ? stats.size : 0n;
  // Of folders overlayfs gives 1 when they have parts in two layers.
  const links = stats.isDirectory() ? 0n : nlink;
  const time = mtimeNs <= FIRST_NS || mtimeNs >= LAST_NS ? 'far' : mtimeNs;
  return [mode.toString(8), uid, gid, size, time, links, rdev, contentOf(path, stats), ...attributes].join(' ');
}

function contentOf(path: Buffer, stats: BigIntStats): string {
  if (stats.isSymbolicLink()) return readlinkSync(path, { encoding: 'latin1' as BufferEncoding });
  if (!stats.isFile() || stats.size > READ_LIMIT_BYTES) return '';
  return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
}
