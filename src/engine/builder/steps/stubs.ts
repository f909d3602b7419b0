import { lstatSync } from 'node:fs';
import { cleanPath } from '#dockerfile/clean-path.ts';
import { CA_FOLDER } from '#engine/containers/host-ca.ts';
import { attributesOf } from '#engine/snapshots/tree/attributes.ts';
import { isOpaque } from '#engine/snapshots/tree/pack-tree.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';

/** What is mounted into every container: to be mounted on, a file or folder must be there, and is made. */
const MOUNTED = ['/dev', '/proc', '/sys', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf', CA_FOLDER];

const LINK_HOPS = 10;

/** Paths and all folders above them, deepest first. */
function withParents(paths: readonly string[]): string[] {
  const all = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/').filter((part) => part !== '');
    for (let length = parts.length; length > 0; length--) all.add(parts.slice(0, length).join('/'));
  }
  return [...all].toSorted((a, b) => b.split('/').length - a.split('/').length);
}

/** Where things are mounted in a tree, with all folders above; relative, deepest first. */
export interface MountPoints {
  /** Not in the tree: made for the run, and taken out again, so that they are no part of the layer. */
  missing: string[];
  present: string[];
}

export function findMountPoints(tree: string, mounts: readonly string[]): MountPoints {
  using root = openRoot(tree);
  const wanted = [...MOUNTED, ...mounts];
  const all = withParents([...wanted, ...wanted.flatMap((path) => behindLinks(root, path))]);
  const isMissing = (path: string): boolean => statQuietly(root, path) === undefined;
  return { missing: all.filter(isMissing), present: all.filter((path) => !isMissing(path)) };
}

/** A mount point that is a link is made where the link leads, which may be nowhere yet. */
function behindLinks(root: Root, path: string): string[] {
  const found: string[] = [];
  let current = path;
  while (found.length < LINK_HOPS && statQuietly(root, current)?.isSymbolicLink() === true) {
    const target = root.readlink(current);
    current = cleanPath(target.startsWith('/') ? target : `${current}/../${target}`);
    found.push(current);
  }
  return found;
}

/** Takes empty mount points out of what a step changed, and folders that only differ by having held them. */
export function removeMountPoints(
  { upper, below }: { upper: string; below: string },
  { missing, present }: MountPoints,
): void {
  using changed = openRoot(upper, { links: 'refuse' });
  using former = openRoot(below);
  for (const path of missing) removeEmpty(changed, path);
  for (const path of present) if (isUntouched(changed, { former, path })) changed.remove(path);
}

function removeEmpty(root: Root, path: string): void {
  const stats = statQuietly(root, path);
  if (stats === undefined) return;
  const isEmptyFolder = stats.isDirectory() && root.readdir(path).length === 0;
  if (isEmptyFolder || (stats.isFile() && stats.size === 0)) root.remove(path);
}

/** A folder that was copied up because something was made in it, and is as before. */
function isUntouched(changed: Root, { former, path }: { former: Root; path: string }): boolean {
  const stats = statQuietly(changed, path);
  const before = statQuietly(former, path);
  if (stats?.isDirectory() !== true || before?.isDirectory() !== true || changed.readdir(path).length > 0) return false;
  const place = changed.locate(path);
  if (isOpaque(place)) return false;
  const own = attributesOf(place, lstatSync(place.path, { bigint: true }));
  const old = former.locate(path);
  const theirs = attributesOf(old, lstatSync(old.path, { bigint: true }));
  const xattrs = ({ xattrs: all }: typeof own) =>
    JSON.stringify([...all].map(([name, value]) => [name, value.toString('hex')]));
  return own.mode === theirs.mode && own.uid === theirs.uid && own.gid === theirs.gid && xattrs(own) === xattrs(theirs);
}

function statQuietly(root: Root, path: string): ReturnType<Root['lstat']> {
  try {
    return root.lstat(path);
  } catch {
    return undefined; // leads through a link, so it is none of ours
  }
}
