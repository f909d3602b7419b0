import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { unpackLayer } from '#engine/snapshots/unpack-layer.ts';
import { decodeName, nameBytes } from '#lib/files/name.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import { getXattr, listXattrs } from '#linux/xattr.ts';
import { imageOf } from './test-image.ts';

/** What a tree shows of a file. */
export interface Seen {
  mode: string;
  owner: string;
  size: bigint;
  mtimeNs: bigint;
  links: bigint;
  device: bigint;
  content: string;
  xattrs: Record<string, string>;
}

/** Of a whiteout nothing else is ever seen. */
const WHITEOUT: Seen = {
  mode: '20000',
  owner: '',
  size: 0n,
  mtimeNs: 0n,
  links: 0n,
  device: 0n,
  content: '',
  xattrs: {},
};

/** All that a tree shows of each of its files, by path. */
export function look(root: string): Map<string, Seen> {
  const found = new Map<string, Seen>();
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const names = readdirSync(nameBytes(join(root, folder)), { encoding: 'buffer' }) as unknown as Buffer[];
    for (const name of names) {
      const path = folder === '' ? decodeName(name) : `${folder}/${decodeName(name)}`;
      const place = nameBytes(`${root}/${path}`);
      const stats = lstatSync(place, { bigint: true });
      if (stats.isDirectory()) folders.push(path);
      const terminated = Buffer.concat([place, Buffer.alloc(1)]) as unknown as string;
      if (stats.isCharacterDevice() && stats.rdev === 0n) {
        found.set(path, WHITEOUT);
        continue;
      }
      found.set(path, {
        mode: stats.mode.toString(8),
        owner: `${stats.uid}:${stats.gid}`,
        size: stats.isDirectory() ? 0n : stats.size,
        mtimeNs: stats.mtimeNs,
        links: stats.nlink,
        device: stats.rdev,
        content: stats.isFile()
          ? createHash('sha256').update(readFileSync(place)).digest('hex')
          : stats.isSymbolicLink()
            ? readlinkSync(place, { encoding: 'latin1' as BufferEncoding })
            : '',
        xattrs: Object.fromEntries(
          listXattrs(terminated).map((each) => [each, getXattr(terminated, each)?.toString('hex') ?? '']),
        ),
      });
    }
  }
  return found;
}

/** Mounts the image over a tar. For tests. */
export function withMounted(tar: Buffer, use: (path: string) => void, options: readonly string[] = ['ro']): void {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'erofs-'));
  const [mounted, image] = [join(folder.path, 'mounted'), join(folder.path, 'image')];
  mkdirSync(mounted);
  writeFileSync(image, Buffer.concat(imageOf(tar).pieces));
  mountAt(mounted, { type: 'erofs', source: image, options });
  try {
    use(mounted);
  } finally {
    unmount(mounted);
  }
}

/** Unpacks a tar as the lowest layer. @throws {InvalidArgumentError} */
export async function unpack(folder: string, tar: Buffer): Promise<void> {
  async function* whole(): AsyncGenerator<Buffer> {
    yield tar;
  }
  await unpackLayer({ folder, below: undefined }, whole());
}

/** Mounts the image over a tar, unpacks the same tar into a folder, and expects no difference. For tests. */
export async function compare(tar: Buffer, options: readonly string[] = ['ro']): Promise<Map<string, Seen>> {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'unpacked-'));
  await unpack(folder.path, tar);
  const theirs = look(folder.path);
  const { nlink } = lstatSync(folder.path);
  let seen = new Map<string, Seen>();
  const check = (mounted: string): void => {
    seen = look(mounted);
    expect([...seen.keys()].toSorted()).toEqual([...theirs.keys()].toSorted());
    for (const [path, each] of theirs) expect({ path, ...seen.get(path) }).toEqual({ path, ...each });
    expect(lstatSync(mounted).nlink).toBe(nlink);
  };
  withMounted(tar, check, options);
  return seen;
}
