import { DIRECTORY, KIND_MASK, SYMLINK } from './file-kinds.ts';
import type { NodeId } from './layer-tree.ts';
import { BLOCK_BYTES, type SortedEntries, sortEntries } from './sort-entries.ts';
import { isDirectory, ROOT, type TreeColumns, xattrsOf } from './tree-columns.ts';

export const INODE_BYTES = 64;
/** Inodes are numbered by their place in units of this. */
export const SLOT_BYTES = 32;
/** The first places stay free: a file of number 0 would be skipped by some programs. */
const FIRST_SLOT = 2;

/** Where everything of an index goes. */
export interface IndexPlan extends SortedEntries {
  /** Nodes in the order in which they are written. */
  order: Uint32Array;
  /** Place of each node in slots from the beginning of the metadata: the number EROFS knows it by. */
  slots: Uint32Array;
  /** First block, from the beginning of the metadata, of folders and links whose content (but for an inline tail) lies in blocks. */
  blocks: Uint32Array;
  /** Bytes that lie directly behind the inode. */
  inline: Uint16Array;
  /** Blocks that inodes take, and blocks behind them. */
  inodeBlocks: number;
  contentBlocks: number;
}

/**
 * Lays an index out: folder by folder, depth first, so that what is looked at together lies together; then blocks of large folders and long links.
 * The end of a folder's content and the text of a link lie behind the inode, within one block as the format asks.
 */
export function planIndex(tree: TreeColumns): IndexPlan {
  const plan = emptyPlan(tree);
  let slot = FIRST_SLOT;
  let placed = 0;
  const place = (node: NodeId): void => {
    const head = INODE_BYTES + xattrsOf(tree, node).length;
    const { whole, tail } = splitContent(contentBytes(tree, plan, node), head);
    slot = firstFitting(slot, head, tail);
    plan.slots[node] = slot;
    plan.inline[node] = tail;
    plan.blocks[node] = plan.contentBlocks;
    plan.contentBlocks += whole;
    plan.order[placed++] = node;
    slot += Math.ceil((head + tail) / SLOT_BYTES);
  };
  place(ROOT);
  for (const folders = [ROOT]; folders.length > 0;) {
    const folder = folders.pop() ?? ROOT;
    const first = folders.length;
    const [from, to] = [plan.firstEntry[folder] ?? 0, plan.firstEntry[folder + 1] ?? 0];
    for (let index = from; index < to; index++) {
      const node = tree.target[plan.sorted[index] ?? 0] ?? 0;
      if (node === 0 || plan.slots[node] !== 0) continue;
      place(node);
      if (isDirectory(tree, node)) folders.push(node);
    }
    reverseFrom(folders, first);
  }
  plan.order = plan.order.subarray(0, placed);
  plan.inodeBlocks = Math.ceil((slot * SLOT_BYTES) / BLOCK_BYTES);
  for (const node of plan.order) plan.blocks[node] = (plan.blocks[node] ?? 0) + plan.inodeBlocks;
  return plan;
}

/** Whole blocks of some content, and the rest behind the inode where it fits there. */
function splitContent(bytes: number, head: number): { whole: number; tail: number } {
  const tail = bytes % BLOCK_BYTES;
  // The tail begins this far into a block, whatever block the inode is moved to.
  const fits = (head % SLOT_BYTES) + tail <= BLOCK_BYTES;
  return fits ? { whole: (bytes - tail) / BLOCK_BYTES, tail } : { whole: Math.ceil(bytes / BLOCK_BYTES), tail: 0 };
}

/** The next place from which the tail lies within one block. */
function firstFitting(slot: number, head: number, tail: number): number {
  if (tail === 0) return slot;
  let fitting = slot;
  for (; ((fitting * SLOT_BYTES + head) % BLOCK_BYTES) + tail > BLOCK_BYTES; fitting++);
  return fitting;
}

/** Bytes of a node that the metadata holds. */
function contentBytes(tree: TreeColumns, plan: IndexPlan, node: NodeId): number {
  const kind = (tree.mode[node] ?? 0) & KIND_MASK;
  if (kind === SYMLINK) return tree.size[node] ?? 0;
  return kind === DIRECTORY ? (plan.folderBytes[node] ?? 0) : 0;
}

function emptyPlan(tree: TreeColumns): IndexPlan {
  return {
    order: new Uint32Array(tree.nodes),
    slots: new Uint32Array(tree.nodes),
    ...sortEntries(tree),
    blocks: new Uint32Array(tree.nodes),
    inline: new Uint16Array(tree.nodes),
    inodeBlocks: 0,
    contentBlocks: 0,
  };
}

function reverseFrom(numbers: number[], first: number): void {
  for (let [low, high] = [first, numbers.length - 1]; low < high; low++, high--)
    [numbers[low], numbers[high]] = [numbers[high] ?? 0, numbers[low] ?? 0];
}
