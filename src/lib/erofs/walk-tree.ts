import { InvalidArgumentError } from '#lib/errors.ts';
import { CHARACTER, DIRECTORY, KIND_MASK, SYMLINK } from './file-kinds.ts';
import type { NodeId } from './layer-tree.ts';
import {
  addEntry,
  addNode,
  type EntryId,
  findEntry,
  linkText,
  parentOf,
  ROOT,
  stageName,
  type TreeColumns,
} from './tree-columns.ts';

const LINK_HOPS = 40;
const DEPTH_LIMIT = 128;
/** Parts of a path with those of all links on its way: honest ones stay far below, and no layer can make each of its names a long walk. */
const STEPS_LIMIT = 2000;
const NAME_LIMIT = 255;
/** No path of so many folders with such names is longer; bytes, and so letters as well. */
const PATH_LIMIT = (DEPTH_LIMIT + 1) * (NAME_LIMIT + 1);

export interface WalkOptions {
  /** Called for folders that are made because they are missing; without it a missing one ends the walk. */
  onMake?: (folder: NodeId) => void;
}

/**
 * The folder a path leads to, through symbolic links in the manner of a chroot.
 * @returns 0 if a folder is missing or was deleted by the layer
 * @throws {InvalidArgumentError} if something on the way is no folder, links go in circles or names are too long: as `lib/files/open-root.ts` does on disk
 */
export function walkTo(tree: TreeColumns, path: string, { onMake }: WalkOptions = {}): NodeId {
  let [folder, depth, hops, steps, rest] = [ROOT, 0, 0, 0, path];
  for (let at = 0, end = 0; at < rest.length;) {
    const from = at;
    end = rest.indexOf('/', from);
    if (end < 0) end = rest.length;
    at = end + 1;
    steps += 1;
    if (steps > STEPS_LIMIT) throw new InvalidArgumentError(`${path.slice(0, 80)}…: too long a way`);
    if (isDot(rest, from, end)) continue;
    if (end - from === 2 && rest.startsWith('..', from)) {
      folder = parentOf(tree, folder);
      depth = Math.max(0, depth - 1);
      continue;
    }
    if (depth >= DEPTH_LIMIT) throw new InvalidArgumentError(`${path.slice(0, 80)}…: too deep`);
    const length = stage(tree, rest, { from, to: end, path });
    const entry = findEntry(tree, folder, length);
    const node = tree.target[entry] ?? 0;
    const kind = (tree.mode[node] ?? 0) & KIND_MASK;
    if (node === 0) {
      if (onMake === undefined) return 0;
      folder = addFolder(tree, entry === 0 ? addEntry(tree, folder, length) : entry);
      onMake(folder);
      depth += 1;
    } else if (kind === DIRECTORY) [folder, depth] = [node, depth + 1];
    else if (kind === SYMLINK) {
      hops += 1;
      if (hops > LINK_HOPS) throw new InvalidArgumentError(`${path}: too many symbolic links`);
      const text = linkText(tree, node);
      if (text.startsWith('/')) [folder, depth] = [ROOT, 0];
      [rest, at] = [`${text}/${rest.slice(at)}`, 0];
    } else if (isWhiteout(tree, node)) return 0;
    else throw new InvalidArgumentError(`${path}: not a directory`);
  }
  return folder;
}

/**
 * The entry of a name in a folder. With `make` a missing one is made, without target.
 * @param path whose last part the name is
 * @returns 0 if there is none
 */
export function entryAt(tree: TreeColumns, folder: NodeId, { path, make }: { path: string; make: boolean }): EntryId {
  const length = stage(tree, path, { from: path.lastIndexOf('/') + 1, to: path.length, path });
  const entry = findEntry(tree, folder, length);
  return entry === 0 && make ? addEntry(tree, folder, length) : entry;
}

/** A new folder 0755 of root and of the time 0 as the target of an entry. */
export function addFolder(tree: TreeColumns, entry: EntryId): NodeId {
  const folder = addNode(tree, DIRECTORY | 0o755);
  tree.entryOf[folder] = entry;
  tree.target[entry] = folder;
  return folder;
}

/** @throws {InvalidArgumentError} for a path that leads nowhere because it is too long, before any of it is looked at */
export function refuseLongPath(path: string): void {
  if (path.length > PATH_LIMIT) throw new InvalidArgumentError(`${path.slice(0, 80)}…: too deep`);
}

/** The form overlayfs takes for "the layers below do not have this name": a character device 0:0. */
export function isWhiteout(tree: TreeColumns, node: NodeId): boolean {
  return ((tree.mode[node] ?? 0) & KIND_MASK) === CHARACTER && tree.place[node] === 0;
}

function isDot(path: string, from: number, end: number): boolean {
  return end === from || (end - from === 1 && path[from] === '.');
}

function stage(tree: TreeColumns, text: string, range: { from: number; to: number; path: string }): number {
  const length = range.to - range.from > NAME_LIMIT ? range.to - range.from : stageName(tree, text, range);
  if (length <= NAME_LIMIT) return length;
  throw new InvalidArgumentError(`${range.path.slice(0, 80)}…: a name of ${length} bytes`, {
    why: `file systems take names of at most ${NAME_LIMIT} bytes`,
  });
}
