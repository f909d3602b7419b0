import { randomInt } from 'node:crypto';
import { TooLargeError } from '#lib/errors.ts';
import { decodeName, nameBytes } from '#lib/files/name.ts';
import { DIRECTORY } from './file-kinds.ts';
import type { NodeId } from './layer-tree.ts';

/** Number of a name in a folder; 0 is none. */
export type EntryId = number;

/** The node of the root; 0 is no node. */
export const ROOT: NodeId = 1;
/** Entries that stand for the names `.` and `..` of every folder. */
export const DOT: EntryId = 1;
export const DOT_DOT: EntryId = 2;

/** Names and link targets of one layer together, bytes. */
const NAMES_LIMIT = 2 ** 30;
/** Different sets of extended attributes of one layer together, bytes. */
const XATTRS_LIMIT = 2 ** 26;
const NO_HONEST_LAYER = 'this is no honest layer; do not use the image';
const FIRST_CAPACITY = 1024;

/**
 * A tree of files as columns of numbers, about a hundred bytes and the name for each file. Nodes are files, entries are names in folders: several entries
 * of one node are hard links. An entry whose target is 0 was removed; numbers are never given again.
 */
export interface TreeColumns {
  /** Nodes given so far, with the unused number 0. */
  nodes: number;
  mode: Uint16Array;
  uid: Uint32Array;
  gid: Uint32Array;
  size: Float64Array;
  seconds: Float64Array;
  nanoseconds: Uint32Array;
  /** Names of a node; counted for all but folders. */
  links: Uint32Array;
  /** Of a file its block address, of a device its number, of a symbolic link where its text is in `names`, of a folder its first entry. */
  place: Uint32Array;
  /** Index in `xattrSets`. */
  xattrs: Uint32Array;
  /** Of a folder its own entry. */
  entryOf: Uint32Array;

  /** Entries given so far, with the unused number 0. */
  entries: number;
  /** The folder it is in. */
  parent: Uint32Array;
  target: Uint32Array;
  nameAt: Uint32Array;
  nameLength: Uint8Array;
  /** The next entry of the same folder. */
  next: Uint32Array;

  names: Buffer;
  namesEnd: number;
  /** Entries by folder and name, open addressing. */
  table: Uint32Array;
  /** Chance, so that nobody can make up names that all fall on one place. */
  seed: number;
  /** Encoded attributes, each different set once; 0 is the empty one. */
  xattrSets: Buffer[];
  /** The index of each set, by its bytes. */
  xattrIndex: Map<string, number>;
  /** Of all sets together. */
  xattrBytes: number;
}

/** A tree of nothing but the root: 0755, owned by root, of the time 0. */
export function createColumns(): TreeColumns {
  const bytes = (): Uint32Array => new Uint32Array(FIRST_CAPACITY);
  const tree: TreeColumns = {
    nodes: 1,
    mode: new Uint16Array(FIRST_CAPACITY),
    uid: bytes(),
    gid: bytes(),
    size: new Float64Array(FIRST_CAPACITY),
    seconds: new Float64Array(FIRST_CAPACITY),
    nanoseconds: bytes(),
    links: bytes(),
    place: bytes(),
    xattrs: bytes(),
    entryOf: bytes(),
    entries: 1,
    parent: bytes(),
    target: bytes(),
    nameAt: bytes(),
    nameLength: new Uint8Array(FIRST_CAPACITY),
    next: bytes(),
    names: Buffer.alloc(32 * FIRST_CAPACITY),
    namesEnd: 0,
    table: new Uint32Array(2 * FIRST_CAPACITY),
    seed: randomInt(2 ** 32),
    xattrSets: [Buffer.alloc(0)],
    xattrIndex: new Map([['', 0]]),
    xattrBytes: 0,
  };
  for (const name of ['.', '..']) takeEntry(tree, 0, stageName(tree, name, { from: 0, to: name.length }));
  addNode(tree, DIRECTORY | 0o755);
  return tree;
}

export function addNode(tree: TreeColumns, mode: number): NodeId {
  const node = tree.nodes;
  if (node === tree.mode.length) growNodes(tree);
  tree.nodes = node + 1;
  tree.mode[node] = mode;
  return node;
}

/**
 * Puts a piece of a path behind the names, where `findEntry` and `addEntry` take it from.
 * @returns its bytes
 * @throws {TooLargeError} if there are too many names
 */
export function stageName(tree: TreeColumns, path: string, { from, to }: { from: number; to: number }): number {
  reserveNames(tree, 3 * (to - from));
  const { names, namesEnd } = tree;
  for (let at = from; at < to; at++) {
    const code = path.charCodeAt(at);
    if (code >= 0x80) return nameBytes(path.slice(from, to)).copy(names, namesEnd);
    names[namesEnd + at - from] = code;
  }
  return to - from;
}

/** Keeps bytes behind the names. @returns where they are */
export function keepBytes(tree: TreeColumns, text: string): { at: number; length: number } {
  const at = tree.namesEnd;
  const length = stageName(tree, text, { from: 0, to: text.length });
  tree.namesEnd += length;
  return { at, length };
}

/** The entry of the staged name in a folder, also a removed one; 0 if there never was one. */
export function findEntry(tree: TreeColumns, folder: NodeId, length: number): EntryId {
  const { names, namesEnd, nameAt, nameLength, parent, table } = tree;
  const mask = table.length - 1;
  for (let slot = hashName(tree, folder, { at: namesEnd, length }) & mask; ; slot = (slot + 1) & mask) {
    const entry = table[slot] ?? 0;
    if (entry === 0) return 0;
    if (parent[entry] !== folder || nameLength[entry] !== length) continue;
    const start = nameAt[entry] ?? 0;
    let at = 0;
    while (at < length && names[start + at] === names[namesEnd + at]) at++;
    if (at === length) return entry;
  }
}

/** Gives the staged name an entry without target in a folder that has none of that name. */
export function addEntry(tree: TreeColumns, folder: NodeId, length: number): EntryId {
  const entry = takeEntry(tree, folder, length);
  tree.next[entry] = tree.place[folder] ?? 0;
  tree.place[folder] = entry;
  // Three quarters full at most.
  if (tree.entries * 4 > tree.table.length * 3) {
    tree.table = new Uint32Array(tree.table.length * 2);
    for (let each = DOT_DOT + 1; each < tree.entries; each++) enterTable(tree, each);
  } else enterTable(tree, entry);
  return entry;
}

export function isDirectory(tree: TreeColumns, node: NodeId): boolean {
  return ((tree.mode[node] ?? 0) & 0o170000) === DIRECTORY;
}

/** The folder above a folder; of the root the root. */
export function parentOf(tree: TreeColumns, folder: NodeId): NodeId {
  return folder === ROOT ? ROOT : (tree.parent[tree.entryOf[folder] ?? 0] ?? 0);
}

/** The name of an entry. */
export function nameOf(tree: TreeColumns, entry: EntryId): string {
  const at = tree.nameAt[entry] ?? 0;
  return decodeName(tree.names.subarray(at, at + (tree.nameLength[entry] ?? 0)));
}

/** The text of a symbolic link. */
export function linkText(tree: TreeColumns, node: NodeId): string {
  const at = tree.place[node] ?? 0;
  return decodeName(tree.names.subarray(at, at + (tree.size[node] ?? 0)));
}

/** The encoded attributes of a node. */
export function xattrsOf(tree: TreeColumns, node: NodeId): Buffer {
  return tree.xattrSets[tree.xattrs[node] ?? 0] ?? Buffer.alloc(0);
}

/** @returns the index of a set of encoded attributes. @throws {TooLargeError} if there are too many different ones */
export function keepXattrs(tree: TreeColumns, bytes: Buffer): number {
  const key = bytes.toString('latin1');
  const known = tree.xattrIndex.get(key);
  if (known !== undefined) return known;
  tree.xattrBytes += bytes.length;
  if (tree.xattrBytes > XATTRS_LIMIT)
    throw new TooLargeError(`a layer's extended attributes have more than ${XATTRS_LIMIT} bytes`, {
      hint: NO_HONEST_LAYER,
    });
  tree.xattrIndex.set(key, tree.xattrSets.push(bytes) - 1);
  return tree.xattrSets.length - 1;
}

/** The path of an entry, without leading slash. */
export function pathOf(tree: TreeColumns, entry: EntryId): string {
  const parts = [nameOf(tree, entry)];
  for (let folder = tree.parent[entry] ?? ROOT; folder !== ROOT; folder = parentOf(tree, folder))
    parts.push(nameOf(tree, tree.entryOf[folder] ?? 0));
  return parts.toReversed().join('/');
}

function takeEntry(tree: TreeColumns, folder: NodeId, length: number): EntryId {
  const entry = tree.entries;
  if (entry === tree.parent.length) growEntries(tree);
  tree.entries = entry + 1;
  tree.parent[entry] = folder;
  tree.nameAt[entry] = tree.namesEnd;
  tree.nameLength[entry] = length;
  tree.namesEnd += length;
  return entry;
}

function enterTable(tree: TreeColumns, entry: EntryId): void {
  const { nameAt, nameLength, parent, table } = tree;
  const mask = table.length - 1;
  const name = { at: nameAt[entry] ?? 0, length: nameLength[entry] ?? 0 };
  let slot = hashName(tree, parent[entry] ?? 0, name) & mask;
  while (table[slot] !== 0) slot = (slot + 1) & mask;
  table[slot] = entry;
}

/** FNV-1a with a seed, and the last steps of MurmurHash3, so that low bits depend on all. */
function hashName(tree: TreeColumns, folder: NodeId, { at, length }: { at: number; length: number }): number {
  const { names } = tree;
  let hash = tree.seed ^ Math.imul(folder, 0x9e3779b1);
  for (let index = at; index < at + length; index++) hash = Math.imul(hash ^ (names[index] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function reserveNames(tree: TreeColumns, length: number): void {
  const needed = tree.namesEnd + length;
  if (needed <= tree.names.length) return;
  if (needed > NAMES_LIMIT)
    throw new TooLargeError(`a layer's names and links have more than ${NAMES_LIMIT} bytes`, {
      hint: NO_HONEST_LAYER,
    });
  const names = Buffer.alloc(Math.max(needed, 2 * tree.names.length));
  tree.names.copy(names, 0, 0, tree.namesEnd);
  tree.names = names;
}

function growNodes(tree: TreeColumns): void {
  tree.mode = doubled(tree.mode, Uint16Array);
  tree.uid = doubled(tree.uid, Uint32Array);
  tree.gid = doubled(tree.gid, Uint32Array);
  tree.size = doubled(tree.size, Float64Array);
  tree.seconds = doubled(tree.seconds, Float64Array);
  tree.nanoseconds = doubled(tree.nanoseconds, Uint32Array);
  tree.links = doubled(tree.links, Uint32Array);
  tree.place = doubled(tree.place, Uint32Array);
  tree.xattrs = doubled(tree.xattrs, Uint32Array);
  tree.entryOf = doubled(tree.entryOf, Uint32Array);
}

function growEntries(tree: TreeColumns): void {
  tree.parent = doubled(tree.parent, Uint32Array);
  tree.target = doubled(tree.target, Uint32Array);
  tree.nameAt = doubled(tree.nameAt, Uint32Array);
  tree.nameLength = doubled(tree.nameLength, Uint8Array);
  tree.next = doubled(tree.next, Uint32Array);
}

function doubled<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  column: T,
  Column: new (length: number) => T,
): T {
  const next = new Column(2 * column.length);
  next.set(column);
  return next;
}
