import { BLOCK_DEVICE, CHARACTER, DIRECTORY, ENTRY_TYPES, KIND_MASK, REGULAR, SYMLINK } from './file-kinds.ts';
import type { IndexedTree } from './create-layer-tree.ts';
import type { BlockAddress, NodeId } from './layer-tree.ts';
import { INODE_BYTES, type IndexPlan, planIndex, SLOT_BYTES } from './plan-index.ts';
import { BLOCK_BYTES, ENTRY_BYTES } from './sort-entries.ts';
import { DOT, DOT_DOT, parentOf, type TreeColumns, xattrsOf } from './tree-columns.ts';

/** Byte of the image at which the superblock stands; before it is room for others. */
export const SUPERBLOCK_OFFSET = 1024;
/** Superblock and device table together fill the first 4 KiB of the image. */
export const SUPERBLOCK_BYTES = 4096 - SUPERBLOCK_OFFSET;
/** The most donors that the table has room for. */
export const DEVICE_LIMIT = 23;
export const SLOT_SIZE = 128;

export const MAGIC = 0xe0f5e1e2;
export const DEVICE_TABLE = 0x8;
export const BLOCK_BITS = 9;
const BUFFER_BYTES = 1024 * 1024;
const META_ALIGN = 4096;
const FLAT_PLAIN = 0;
const FLAT_INLINE = 2;
const HIGH = 2 ** 32;

/** Another file in which content of this image lies. */
export interface IndexDevice {
  /** Its size in blocks of 512 bytes. */
  blocks: number;
  /** The address that its first block has in this image. */
  address: BlockAddress;
}

export interface IndexOptions {
  /** Byte of the image at which the metadata will begin; a multiple of 4096. */
  metadataOffset: number;
  /** In the order in which they will be given to mount. */
  devices?: readonly IndexDevice[];
}

export interface Index {
  /** What belongs at `SUPERBLOCK_OFFSET`. */
  superblock: Buffer;
  metadataBytes: number;
  /** The metadata in order, in pieces of about a mebibyte. To be read once. */
  metadata: Iterable<Buffer>;
}

/**
 * The EROFS index over a finished tree (Linux, Documentation/filesystems/erofs.rst): inodes of 64 bytes, directories, links and attributes; content of
 * files lies where `place` said. Equal trees give equal bytes. The superblock has no checksum of its own: for blocks of 512 bytes the format's would leave
 * out most of the device table, and the file's header has one over all of it.
 */
export function writeIndex({ columns }: IndexedTree, { metadataOffset, devices = [] }: IndexOptions): Index {
  const plan = planIndex(columns);
  const used = (plan.inodeBlocks + plan.contentBlocks) * BLOCK_BYTES;
  const metadataBytes = Math.ceil(used / META_ALIGN) * META_ALIGN;
  const first = metadataOffset / BLOCK_BYTES;
  const superblock = writeSuperblock({ plan, devices, first, blocks: first + metadataBytes / BLOCK_BYTES });
  return { superblock, metadataBytes, metadata: metadataOf({ tree: columns, plan, first }, metadataBytes - used) };
}

function writeSuperblock({
  plan,
  devices,
  first,
  blocks,
}: {
  plan: IndexPlan;
  devices: readonly IndexDevice[];
  first: BlockAddress;
  blocks: number;
}): Buffer {
  const page = Buffer.alloc(SUPERBLOCK_BYTES);
  page.writeUInt32LE(MAGIC, 0);
  page[12] = BLOCK_BITS;
  page.writeUInt16LE(plan.slots[plan.order[0] ?? 0] ?? 0, 14);
  page.writeUInt32LE(plan.order.length, 16);
  page.writeUInt32LE(blocks, 36);
  page.writeUInt32LE(first, 40);
  if (devices.length === 0) return page;
  page.writeUInt32LE(DEVICE_TABLE, 80);
  page.writeUInt16LE(devices.length, 86);
  page.writeUInt16LE((SUPERBLOCK_OFFSET + SLOT_SIZE) / SLOT_SIZE, 88);
  for (const [index, device] of devices.entries()) {
    page.writeUInt32LE(device.blocks, SLOT_SIZE * (index + 1) + 64);
    page.writeUInt32LE(device.address, SLOT_SIZE * (index + 1) + 68);
  }
  return page;
}

interface Writing {
  tree: TreeColumns;
  plan: IndexPlan;
  /** Block at which the metadata begins. */
  first: BlockAddress;
}

function* metadataOf(writing: Writing, padding: number): Generator<Buffer> {
  yield* inodesOf(writing);
  yield* blocksOf(writing);
  if (padding > 0) yield Buffer.alloc(padding);
}

function* inodesOf({ tree, plan, first }: Writing): Generator<Buffer> {
  const end = plan.inodeBlocks * BLOCK_BYTES;
  let [start, piece] = [0, Buffer.alloc(Math.min(end, BUFFER_BYTES))];
  for (const node of plan.order) {
    const bytes = INODE_BYTES + xattrsOf(tree, node).length + (plan.inline[node] ?? 0);
    const place = (plan.slots[node] ?? 0) * SLOT_BYTES;
    if (place + bytes > start + piece.length) {
      yield* cut(piece, place - start);
      [start, piece] = [place, Buffer.alloc(Math.min(end - place, Math.max(bytes, BUFFER_BYTES)))];
    }
    writeInode({ tree, plan, first }, node, piece.subarray(place - start, place - start + bytes));
  }
  yield* cut(piece, end - start);
}

/** The first bytes of a buffer, with zero bytes where it has fewer: an inode may begin only after a gap. */
function* cut(piece: Buffer, bytes: number): Generator<Buffer> {
  yield piece.subarray(0, bytes);
  if (bytes > piece.length) yield Buffer.alloc(bytes - piece.length);
}

/** The largest number below 2^63 that a double holds. */
const LAST_SECOND = 2 ** 63 - 1024;

function writeInode({ tree, plan, first }: Writing, node: NodeId, into: Buffer): void {
  const mode = tree.mode[node] ?? 0;
  const kind = mode & KIND_MASK;
  const seconds = Math.min(tree.seconds[node] ?? 0, LAST_SECOND);
  const tail = plan.inline[node] ?? 0;
  const xattrs = xattrsOf(tree, node);
  const size = kind === DIRECTORY ? (plan.folderBytes[node] ?? 0) : (tree.size[node] ?? 0);
  into.writeUInt16LE(1 | ((tail > 0 ? FLAT_INLINE : FLAT_PLAIN) << 1), 0);
  if (xattrs.length > 0) into.writeUInt16LE((xattrs.length - 12) / 4 + 1, 2);
  into.writeUInt16LE(mode, 4);
  into.writeUInt32LE(size % HIGH, 8);
  into.writeUInt32LE(Math.floor(size / HIGH), 12);
  into.writeUInt32LE(placeOf({ tree, plan, first }, node, kind), 16);
  into.writeUInt32LE(plan.slots[node] ?? 0, 20);
  into.writeUInt32LE(tree.uid[node] ?? 0, 24);
  into.writeUInt32LE(tree.gid[node] ?? 0, 28);
  into.writeUInt32LE(seconds - Math.floor(seconds / HIGH) * HIGH, 32);
  into.writeInt32LE(Math.floor(seconds / HIGH), 36);
  into.writeUInt32LE(tree.nanoseconds[node] ?? 0, 40);
  into.writeUInt32LE(kind === DIRECTORY ? 2 + (plan.folders[node] ?? 0) : (tree.links[node] ?? 0), 44);
  xattrs.copy(into, INODE_BYTES);
  if (tail === 0) return;
  const inline = into.subarray(INODE_BYTES + xattrs.length);
  if (kind === SYMLINK) copyTarget(tree, node, { into: inline, from: size - tail });
  else {
    let last: Uint32Array = new Uint32Array();
    for (const entries of entryBlocks({ tree, plan }, node)) last = entries;
    writeEntries({ tree, plan }, node, { entries: last, into: inline });
  }
}

/** Block address of content, or the number of a device. */
function placeOf({ tree, plan, first }: Writing, node: NodeId, kind: number): number {
  if (kind === CHARACTER || kind === BLOCK_DEVICE) return tree.place[node] ?? 0;
  const size = kind === DIRECTORY ? (plan.folderBytes[node] ?? 0) : (tree.size[node] ?? 0);
  if (kind === REGULAR) return size === 0 ? 0 : (tree.place[node] ?? 0);
  return size > (plan.inline[node] ?? 0) ? first + (plan.blocks[node] ?? 0) : 0;
}

/** Blocks of folders and links, in the order of their inodes. */
function* blocksOf({ tree, plan }: Writing): Generator<Buffer> {
  const capacity = Math.min(plan.contentBlocks * BLOCK_BYTES, BUFFER_BYTES);
  let [piece, used] = [Buffer.alloc(capacity), 0];
  for (const block of contentBlocks({ tree, plan })) {
    if (used === piece.length) {
      yield piece;
      [piece, used] = [Buffer.alloc(capacity), 0];
    }
    block(piece.subarray(used, used + BLOCK_BYTES));
    used += BLOCK_BYTES;
  }
  if (used > 0) yield piece.subarray(0, used);
}

type WriteBlock = (into: Buffer) => void;

function* contentBlocks({ tree, plan }: Pick<Writing, 'tree' | 'plan'>): Generator<WriteBlock> {
  for (const node of plan.order) {
    const kind = (tree.mode[node] ?? 0) & KIND_MASK;
    if (kind === DIRECTORY) yield* folderBlocks({ tree, plan }, node);
    else if (kind === SYMLINK) {
      const end = (tree.size[node] ?? 0) - (plan.inline[node] ?? 0);
      for (let from = 0; from < end; from += BLOCK_BYTES) yield (into) => copyTarget(tree, node, { into, from });
    }
  }
}

function* folderBlocks({ tree, plan }: Pick<Writing, 'tree' | 'plan'>, folder: NodeId): Generator<WriteBlock> {
  let left = Math.ceil(((plan.folderBytes[folder] ?? 0) - (plan.inline[folder] ?? 0)) / BLOCK_BYTES);
  if (left === 0) return;
  for (const entries of entryBlocks({ tree, plan }, folder)) {
    if (left-- === 0) return;
    yield (into) => writeEntries({ tree, plan }, folder, { entries, into });
  }
}

function copyTarget(tree: TreeColumns, node: NodeId, { into, from }: { into: Buffer; from: number }): void {
  const at = tree.place[node] ?? 0;
  tree.names.copy(into, 0, at + from, at + (tree.size[node] ?? 0));
}

/** A folder's entries, as many at a time as go into a block. */
function* entryBlocks({ tree, plan }: Pick<Writing, 'tree' | 'plan'>, folder: NodeId): Generator<Uint32Array> {
  const end = plan.firstEntry[folder + 1] ?? 0;
  let [first, bytes] = [plan.firstEntry[folder] ?? 0, 0];
  for (let index = first; index < end; index++) {
    const more = ENTRY_BYTES + (tree.nameLength[plan.sorted[index] ?? 0] ?? 0);
    if (bytes + more > BLOCK_BYTES) {
      yield plan.sorted.subarray(first, index);
      [first, bytes] = [index, 0];
    }
    bytes += more;
  }
  yield plan.sorted.subarray(first, end);
}

function writeEntries(
  { tree, plan }: Pick<Writing, 'tree' | 'plan'>,
  folder: NodeId,
  { entries, into }: { entries: Uint32Array; into: Buffer },
): void {
  let nameAt = entries.length * ENTRY_BYTES;
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] ?? 0;
    const node = entry === DOT ? folder : entry === DOT_DOT ? parentOf(tree, folder) : (tree.target[entry] ?? 0);
    const place = index * ENTRY_BYTES;
    into.writeUInt32LE(plan.slots[node] ?? 0, place);
    into.writeUInt16LE(nameAt, place + 8);
    into[place + 10] = ENTRY_TYPES[(tree.mode[node] ?? 0) >> 12] ?? 0;
    const from = tree.nameAt[entry] ?? 0;
    nameAt += tree.names.copy(into, nameAt, from, from + (tree.nameLength[entry] ?? 0));
  }
}
