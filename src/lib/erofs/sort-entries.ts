import type { NodeId } from './layer-tree.ts';
import { DOT, DOT_DOT, type EntryId, isDirectory, ROOT, type TreeColumns } from './tree-columns.ts';

/** Block size of our images: content of a tar is aligned to it. */
export const BLOCK_BYTES = 512;
/** Bytes of a directory entry without its name. */
export const ENTRY_BYTES = 12;

/** The names of each folder in the order of the format. */
export interface SortedEntries {
  /** Entries of each folder, sorted by their bytes, `.` and `..` among them; from `firstEntry[folder]` to `firstEntry[folder + 1]`. */
  sorted: Uint32Array;
  firstEntry: Uint32Array;
  /** Bytes of a folder's content. */
  folderBytes: Float64Array;
  /** Folders in a folder. */
  folders: Uint32Array;
}

export function sortEntries(tree: TreeColumns): SortedEntries {
  const { firstEntry, folders } = countEntries(tree);
  const sorted = new Uint32Array(firstEntry[tree.nodes] ?? 0);
  const filled = firstEntry.slice();
  const put = (folder: NodeId, entry: EntryId): void => {
    const at = filled[folder] ?? 0;
    sorted[at] = entry;
    filled[folder] = at + 1;
  };
  for (let entry = DOT_DOT + 1; entry < tree.entries; entry++)
    if (tree.target[entry] !== 0) put(tree.parent[entry] ?? 0, entry);
  const folderBytes = new Float64Array(tree.nodes);
  const compare = byName(tree);
  for (let folder = ROOT; folder < tree.nodes; folder++) {
    const [from, to] = [firstEntry[folder] ?? 0, firstEntry[folder + 1] ?? 0];
    if (from === to) continue;
    put(folder, DOT);
    put(folder, DOT_DOT);
    const entries = sorted.subarray(from, to);
    if (!isSorted(entries, compare)) entries.sort(compare);
    folderBytes[folder] = bytesOf(tree, entries);
  }
  return { sorted, firstEntry, folderBytes, folders };
}

/** Where the entries of each folder begin; each has two for itself and its parent. */
function countEntries(tree: TreeColumns): Pick<SortedEntries, 'firstEntry' | 'folders'> {
  const firstEntry = new Uint32Array(tree.nodes + 1);
  const folders = new Uint32Array(tree.nodes);
  const take = (folder: NodeId, count: number): void => {
    firstEntry[folder + 1] = (firstEntry[folder + 1] ?? 0) + count;
  };
  take(ROOT, 2);
  for (let entry = DOT_DOT + 1; entry < tree.entries; entry++) {
    const node = tree.target[entry] ?? 0;
    const parent = tree.parent[entry] ?? 0;
    if (node === 0) continue;
    take(parent, 1);
    if (!isDirectory(tree, node)) continue;
    take(node, 2);
    folders[parent] = (folders[parent] ?? 0) + 1;
  }
  for (let node = 0; node < tree.nodes; node++)
    firstEntry[node + 1] = (firstEntry[node + 1] ?? 0) + (firstEntry[node] ?? 0);
  return { firstEntry, folders };
}

/** Names in blocks: one that does not fit begins the next block. */
function bytesOf(tree: TreeColumns, entries: Uint32Array): number {
  let [whole, used] = [0, 0];
  for (const entry of entries) {
    const bytes = ENTRY_BYTES + (tree.nameLength[entry] ?? 0);
    if (used + bytes > BLOCK_BYTES) [whole, used] = [whole + BLOCK_BYTES, 0];
    used += bytes;
  }
  return whole + used;
}

type Compare = (one: EntryId, other: EntryId) => number;

function byName({ names, nameAt, nameLength }: TreeColumns): Compare {
  return (one, other) => {
    const [a, b] = [nameAt[one] ?? 0, nameAt[other] ?? 0];
    const [aLength, bLength] = [nameLength[one] ?? 0, nameLength[other] ?? 0];
    const shorter = Math.min(aLength, bLength);
    for (let at = 0; at < shorter; at++) {
      const difference = (names[a + at] ?? 0) - (names[b + at] ?? 0);
      if (difference !== 0) return difference;
    }
    return aLength - bLength;
  };
}

function isSorted(entries: Uint32Array, compare: Compare): boolean {
  for (let index = 1; index < entries.length; index++)
    if (compare(entries[index - 1] ?? 0, entries[index] ?? 0) > 0) return false;
  return true;
}
