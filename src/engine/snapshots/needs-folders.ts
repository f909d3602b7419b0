import { mkdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { LayerNeeds } from '#lib/erofs/layer-tree.ts';
import { fileError } from '#lib/files/file-error.ts';
import { type Located, openRoot, type Root } from '#lib/files/open-root.ts';
import { makeWhiteout } from '#linux/mknod.ts';
import { copyFile } from './copy-up.ts';
import type { Stack } from './stack.ts';
import { syncTree } from './sync-tree.ts';
import {
  type Attributes,
  attributesOf,
  type LateAttributes,
  PLAIN_FOLDER,
  setAttributes,
  setLateAttributes,
  splitAttributes,
} from './tree/attributes.ts';
import { ffiPath } from './tree/ffi-path.ts';

/** Folder of a stacked layer with what stands over its mounted tree, and the one with what stands under it. */
export const ABOVE = 'above';
export const BELOW = 'below';

/** Whether a layer looks different over different layers. */
export function isSelfContained({ implicit, clearsRoot, links }: LayerNeeds): boolean {
  return implicit.length === 0 && !clearsRoot && links.length === 0;
}

/**
 * Writes what a layer takes from those below into two folders, so that with its own tree between them it looks as if it had been unpacked over
 * them: `above` has folders that it does not name, with the attributes they have below, and files that it links to; `below` hides all names
 * that a root hides. They are on the disk when this returns.
 * @throws {InvalidArgumentError} for a link to a file that is not there
 */
export async function writeNeeds(
  folder: string,
  { needs, own, below }: { needs: LayerNeeds; own: Root; below: Stack },
): Promise<void> {
  await Promise.all([mkdir(join(folder, ABOVE), { mode: 0o755 }), mkdir(join(folder, BELOW), { mode: 0o755 })]);
  using above = openRoot(join(folder, ABOVE));
  const writing: Writing = { above, own, below, implicit: new Set(needs.implicit), late: new Map() };
  for (const path of needs.implicit)
    if (below.find(path)?.stats.isDirectory() === true) within(path, () => makeFolders(writing, `${path}/.`));
  for (const link of needs.links) within(link.path, () => writeLink(writing, link));
  if (needs.clearsRoot) hideNames(join(folder, BELOW), below);
  for (const [path, attributes] of writing.late) setLateAttributes(above.locate(path), attributes);
  await syncTree(folder);
}

interface Writing {
  above: Root;
  own: Root;
  below: Stack;
  implicit: ReadonlySet<string>;
  /** Of folders, set once nothing more is put into them. */
  late: Map<string, LateAttributes>;
}

function within(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw fileError(error, path);
  }
}

function makeFolders(writing: Writing, path: string): Located {
  return writing.above.locate(path, { makeParent: (parent) => makeFolder(writing, parent) });
}

/** A folder looks as the layer says, or as below where the layer says nothing. */
function makeFolder(writing: Writing, place: Located): void {
  mkdirSync(place.path, 0o755);
  const { now, late } = splitAttributes(folderAttributes(writing, place.canonical));
  setAttributes(place, now);
  writing.late.set(place.canonical, late);
}

function folderAttributes({ own, below, implicit }: Writing, path: string): Attributes {
  const found = below.find(path);
  const hasOwn = own.lstat(path)?.isDirectory() === true;
  if (hasOwn && (!implicit.has(path) || found?.stats.isDirectory() !== true)) return attributesOf(own.locate(path));
  if (found?.stats.isDirectory() === true) return attributesOf(found.place, found.stats);
  return PLAIN_FOLDER;
}

/** The file is copied to where it is below, so that both names lead to one inode, as after unpacking. */
function writeLink(writing: Writing, { path, target }: { path: string; target: string }): void {
  const { above, below } = writing;
  const makeParent = (parent: Located): void => makeFolder(writing, parent);
  const there = above.lstat(target);
  if (there?.isDirectory() === true || (there === undefined && !copyFile(above, target, { below, makeParent })))
    throw new InvalidArgumentError(`${path}: is a link to ${target}, which is not a file of the archive`);
  makeFolders(writing, path);
  above.link(target, path);
}

/** The root of a mount cannot be opaque, so the names below it are hidden one by one. */
function hideNames(folder: string, below: Stack): void {
  using root = openRoot(folder);
  for (const name of below.names('')) makeWhiteout(ffiPath(root.locate(name)));
}
