import { decodeName } from '#lib/files/name.ts';
import type { TarKind } from '#lib/tar/header.ts';
import { BLOCK_DEVICE, CHARACTER, DIRECTORY, ENTRY_TYPES, FIFO, KIND_MASK, REGULAR, SYMLINK } from './file-kinds.ts';
import type { BlockAddress } from './layer-tree.ts';
import { INODE_BYTES, SLOT_BYTES } from './plan-index.ts';
import { damaged, openMetadata, type Metadata, type ReadAt } from './read-metadata.ts';
import { BLOCK_BYTES, ENTRY_BYTES } from './sort-entries.ts';
import type { IndexDevice } from './write-index.ts';

/** One name of an index; hard links come once for each name. */
export interface IndexEntry {
  /** Without leading slash. */
  path: string;
  /** Whiteouts are character devices 0:0. */
  kind: Exclude<TarKind, 'link'>;
  /** Bytes of a file's content, or of a link's target. */
  size: number;
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  /** Nanoseconds since epoch. */
  mtimeNs: bigint;
  /** Where a file's content begins; 0 for empty ones and for everything else. */
  address: BlockAddress;
  /** Number of a device as the kernel packs it (new_encode_dev), else 0. */
  device: number;
  links: number;
  /** Equal for names of the same file; what `stat` shows. */
  ino: number;
  /** Target of a symbolic link, else empty. */
  linkName: string;
}

/** An index that `writeIndex` wrote. */
export interface ReadIndex {
  /** Byte of the image at which the metadata begins. */
  metadataOffset: number;
  metadataBytes: number;
  inodes: number;
  devices: IndexDevice[];
  /** All names but the root's, folder by folder, in each sorted by their bytes. @throws {DataLossError} if the index is damaged */
  entries(): Generator<IndexEntry>;
}

interface Inode extends Omit<IndexEntry, 'path' | 'linkName'> {
  isInline: boolean;
  /** Where what lies behind the inode begins, from the beginning of the metadata. */
  inlineAt: number;
  /** First block of a folder or link. */
  firstBlock: BlockAddress;
}

const EXTENDED = 1;
const NAME_LIMIT = 255;
const TARGET_LIMIT = 4095;
const SECOND = 1_000_000_000n;
const KINDS: ReadonlyMap<number, Inode['kind']> = new Map([
  [REGULAR, 'file'],
  [DIRECTORY, 'directory'],
  [SYMLINK, 'symlink'],
  [CHARACTER, 'character'],
  [BLOCK_DEVICE, 'block'],
  [FIFO, 'fifo'],
]);

/**
 * Reads an index back. Nothing outside its own bytes is asked for, and it ends, whatever was done to them.
 * @param readAt gives that many bytes of the image, fewer at its end
 * @throws {DataLossError} if there is no index of ours
 */
export function readIndex(readAt: ReadAt): ReadIndex {
  const metadata = openMetadata(readAt);
  const { metadataOffset, metadataBytes, inodes, devices } = metadata;
  return { metadataOffset, metadataBytes, inodes, devices, entries: () => entriesOf(metadata) };
}

function* entriesOf(metadata: Metadata): Generator<IndexEntry> {
  const folders = [{ slot: metadata.rootSlot, parent: metadata.rootSlot, path: '' }];
  const seen = new Set<number>();
  // Damaged folders may all show the same bytes.
  let namesLeft = metadata.metadataBytes / ENTRY_BYTES;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (seen.has(folder.slot)) throw damaged(`folder ${JSON.stringify(folder.path)} is in two places`);
    seen.add(folder.slot);
    const inode = inodeAt(metadata, folder.slot);
    if (inode.kind !== 'directory') throw damaged(`${JSON.stringify(folder.path)} is no folder`);
    const below: typeof folders = [];
    for (const { name, slot, type } of namesOf(metadata, inode, folder)) {
      if (namesLeft-- <= 0) throw damaged('it has more names than room for them');
      const { isInline, inlineAt, firstBlock, ...entry } = inodeAt(metadata, slot);
      const path = folder.path === '' ? name : `${folder.path}/${name}`;
      if (type !== typeOf(entry.kind)) throw damaged(`${JSON.stringify(path)} is of another kind than its folder says`);
      const linkName = entry.kind === 'symlink' ? targetOf(metadata, { ...entry, isInline, inlineAt, firstBlock }) : '';
      if (entry.kind === 'directory') below.push({ slot, parent: folder.slot, path });
      yield { path, linkName, ...entry };
    }
    folders.push(...below.toReversed());
  }
}

function inodeAt(metadata: Metadata, slot: number): Inode {
  const at = slot * SLOT_BYTES;
  const raw = metadata.bytes(at, INODE_BYTES);
  const format = raw.readUInt16LE(0);
  const words = raw.readUInt16LE(2);
  const mode = raw.readUInt16LE(4);
  const kind = KINDS.get(mode & KIND_MASK);
  const size = raw.readUInt32LE(8) + raw.readUInt32LE(12) * 2 ** 32;
  const place = raw.readUInt32LE(16);
  const nanoseconds = raw.readUInt32LE(40);
  const isKnown = (format & EXTENDED) !== 0 && (format >> 1 === 0 || format >> 1 === 2);
  if (!isKnown || kind === undefined || !Number.isSafeInteger(size) || nanoseconds >= 1e9)
    throw damaged(`inode ${slot} is none`);
  return {
    kind,
    size: kind === 'file' || kind === 'symlink' || kind === 'directory' ? size : 0,
    mode: mode & 0o7777,
    uid: raw.readUInt32LE(24),
    gid: raw.readUInt32LE(28),
    mtimeNs: raw.readBigInt64LE(32) * SECOND + BigInt(nanoseconds),
    address: kind === 'file' && size > 0 ? place : 0,
    device: kind === 'character' || kind === 'block' ? place : 0,
    links: raw.readUInt32LE(44),
    ino: slot,
    isInline: format >> 1 === 2,
    inlineAt: at + INODE_BYTES + (words === 0 ? 0 : 12 + 4 * (words - 1)),
    firstBlock: place,
  };
}

interface FoundName {
  name: string;
  slot: number;
  type: number;
}

function* namesOf(
  metadata: Metadata,
  inode: Inode,
  folder: { slot: number; parent: number; path: string },
): Generator<FoundName> {
  const what = `folder ${JSON.stringify(folder.path)}`;
  let before = Buffer.alloc(0);
  let dots = 0;
  for (let from = 0; from < inode.size; from += BLOCK_BYTES) {
    // A copy: reading what a name stands for may take the bytes away.
    const block = Buffer.from(contentAt(metadata, inode, from));
    for (const { bytes, slot, type } of entriesIn(block, what)) {
      if (Buffer.compare(before, bytes) >= 0) throw damaged(`${what} is not sorted`);
      before = bytes;
      const name = decodeName(bytes);
      if (name !== '.' && name !== '..') yield { name, slot, type };
      else if (slot !== (name === '.' ? folder.slot : folder.parent)) throw damaged(`${what} is not where it says`);
      else dots += 1;
    }
  }
  if (dots !== 2) throw damaged(`${what} does not know where it is`);
}

function* entriesIn(
  block: Buffer,
  what: string,
): Generator<{ bytes: Buffer<ArrayBuffer>; slot: number; type: number }> {
  const count = block.length < ENTRY_BYTES ? 0 : block.readUInt16LE(8) / ENTRY_BYTES;
  if (!Number.isInteger(count) || count === 0 || count * ENTRY_BYTES > block.length) throw damaged(`${what} is broken`);
  for (let index = 0; index < count; index++) {
    const at = index * ENTRY_BYTES;
    const nameAt = block.readUInt16LE(at + 8);
    const isLast = index === count - 1;
    const nameEnd = isLast ? endOfLast(block, nameAt) : block.readUInt16LE(at + ENTRY_BYTES + 8);
    const bytes = Buffer.from(block.subarray(nameAt, nameEnd));
    const isName =
      nameAt >= count * ENTRY_BYTES && nameEnd <= block.length && bytes.length > 0 && bytes.length <= NAME_LIMIT;
    if (!isName || bytes.includes(0) || bytes.includes(0x2f) || block.readUInt32LE(at + 4) !== 0)
      throw damaged(`${what} has a broken name`);
    yield { bytes, slot: block.readUInt32LE(at), type: block[at + 10] ?? 0 };
  }
}

/** The last name of a block ends with the block, or with the zero bytes that fill it. */
function endOfLast(block: Buffer, nameAt: number): number {
  const zero = block.indexOf(0, nameAt);
  return zero < 0 ? block.length : zero;
}

/** A block of a folder or a link, the last one only as long as it is. */
function contentAt(metadata: Metadata, inode: Inode, from: number): Buffer {
  const length = Math.min(BLOCK_BYTES, inode.size - from);
  const isTail = inode.isInline && from + BLOCK_BYTES > inode.size;
  if (isTail) return metadata.bytes(inode.inlineAt, length);
  return metadata.bytes(inode.firstBlock * BLOCK_BYTES - metadata.metadataOffset + from, length);
}

function targetOf(metadata: Metadata, inode: Inode): string {
  if (inode.size === 0 || inode.size > TARGET_LIMIT)
    throw damaged(`link ${inode.ino} has a target of ${inode.size} bytes`);
  const parts: Buffer[] = [];
  for (let from = 0; from < inode.size; from += BLOCK_BYTES) parts.push(Buffer.from(contentAt(metadata, inode, from)));
  return decodeName(Buffer.concat(parts));
}

const TYPES: ReadonlyMap<Inode['kind'], number> = new Map(
  [...KINDS].map(([mode, kind]) => [kind, ENTRY_TYPES[mode >> 12] ?? 0]),
);

function typeOf(kind: Inode['kind']): number {
  return TYPES.get(kind) ?? 0;
}
