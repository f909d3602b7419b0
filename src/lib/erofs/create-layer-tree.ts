import { InvalidArgumentError } from '#lib/errors.ts';
import { nameBytes } from '#lib/files/name.ts';
import { cleanName } from '#lib/tar/clean-name.ts';
import type { TarHeader } from '#lib/tar/header.ts';
import { refuseImpossible } from '#lib/tar/refuse-impossible.ts';
import { layerMark } from '#lib/tar/layer-mark.ts';
import { refuseOverlayAttributes } from '#lib/tar/overlay-attributes.ts';
import { encodeXattrs, mergeXattrs } from './encode-xattrs.ts';
import { BLOCK_DEVICE, CHARACTER, DIRECTORY, FIFO, REGULAR, SYMLINK } from './file-kinds.ts';
import { finishTree } from './finish-tree.ts';
import type { BlockAddress, LayerTree, NodeId, TreeFacts } from './layer-tree.ts';
import {
  addNode,
  createColumns,
  type EntryId,
  isDirectory,
  keepBytes,
  keepXattrs,
  ROOT,
  type TreeColumns,
  xattrsOf,
} from './tree-columns.ts';
import { addFolder, entryAt, refuseLongPath, walkTo } from './walk-tree.ts';

const KINDS = {
  file: REGULAR, directory: DIRECTORY, symlink: SYMLINK, character: CHARACTER, block: BLOCK_DEVICE, fifo: FIFO, link: 0,
} as const; // prettier-ignore

/** The largest user and group there is; the next number means none. */
const OWNER_LIMIT = 0xfffffffe;
const MAJOR_LIMIT = 0xfff;
const MINOR_LIMIT = 0xfffff;
/** PATH_MAX of Linux without the zero byte. */
const TARGET_LIMIT = 4095;
const SECOND = 1_000_000_000n;

/** A layer's tree with the columns it is kept in, from which `writeIndex` makes the index. */
export interface IndexedTree extends LayerTree {
  readonly columns: TreeColumns;
}

/** What is only known once all entries are there. */
export interface LateEntries {
  /** Folders that no entry names. */
  implicit: Set<NodeId>;
  hasRoot: boolean;
  whiteouts: Set<string>;
  opaque: Set<string>;
  /** Hard links whose target is not there yet, by the node that holds their place. */
  links: Map<NodeId, { path: string; target: string }>;
}

/** @see LayerTree. The same tar gives the same tree as unpacking it in order into an empty folder would. */
export function createLayerTree(): IndexedTree {
  return new GrowingTree();
}

/** Holds the tree, and the folder of the last entry, which is the next one's as a rule. */
class GrowingTree implements IndexedTree {
  readonly columns: TreeColumns = createColumns();
  readonly #late: LateEntries = {
    implicit: new Set(),
    hasRoot: false,
    whiteouts: new Set(),
    opaque: new Set(),
    links: new Map(),
  };
  readonly #onMake = (folder: NodeId): void => void this.#late.implicit.add(folder);
  /** Not known (undefined) after something was taken away, for that may have been on its path. */
  #lastPath: string | undefined = '';
  #lastFolder: NodeId = ROOT;

  add(header: TarHeader): NodeId | undefined {
    const path = cleanName(header.name);
    refuseLongPath(path);
    const mark = layerMark(path, header);
    if (mark !== undefined) {
      if (mark.kind === 'whiteout') this.#late.whiteouts.add(mark.path);
      else if (mark.kind === 'opaque') this.#late.opaque.add(mark.path);
      return undefined;
    }
    refuseImpossible(path, header);
    if (header.xattrs.size > 0) refuseOverlayAttributes(path, header.xattrs.keys());
    if (header.kind === 'directory') this.#addDirectory(path, header);
    else if (path === '') throw new InvalidArgumentError(`the archive's root is not a directory`);
    else if (header.kind === 'link') this.#addLink(path, header);
    else return this.#addFile(path, header);
    return undefined;
  }

  place(node: NodeId, address: BlockAddress): void {
    this.columns.place[node] = address;
  }

  finish(): TreeFacts {
    return finishTree(this.columns, this.#late);
  }

  #addDirectory(path: string, header: TarHeader): void {
    const tree = this.columns;
    if (path === '') {
      this.#late.hasRoot = true;
      this.#setAttributes(ROOT, path, header);
      return;
    }
    const entry = this.#entry(path);
    const there = tree.target[entry] ?? 0;
    if (there !== 0 && isDirectory(tree, there)) {
      this.#late.implicit.delete(there);
      this.#setAttributes(there, path, header);
      return;
    }
    this.#takeAway(entry);
    this.#setAttributes(addFolder(tree, entry), path, header);
  }

  #addFile(path: string, header: TarHeader): NodeId | undefined {
    const tree = this.columns;
    const entry = this.#entry(path);
    this.#takeAway(entry);
    const node = addNode(tree, KINDS[header.kind]);
    tree.target[entry] = node;
    tree.links[node] = 1;
    this.#setAttributes(node, path, header);
    if (header.kind === 'file') {
      tree.size[node] = header.size;
      return node;
    }
    if (header.kind === 'symlink') this.#setTarget(node, path, header.linkName);
    else if (header.kind !== 'fifo') tree.place[node] = deviceNumber(path, header);
    return undefined;
  }

  #addLink(path: string, header: TarHeader): void {
    const tree = this.columns;
    const target = cleanName(header.linkName);
    refuseLongPath(target);
    const found = this.#find(target);
    let node = tree.target[found] ?? 0;
    if (target === '' || (node !== 0 && isDirectory(tree, node)))
      throw new InvalidArgumentError(`${path}: is a link to ${target}, which is not a file of the archive`);
    const entry = this.#entry(path);
    if (node !== 0 && entry === found) return;
    this.#takeAway(entry);
    if (node !== 0 && tree.target[found] !== node)
      throw new InvalidArgumentError(`${path}: is a link to ${target}, which is gone`);
    if (node === 0) {
      node = addNode(tree, KINDS.link);
      this.#late.links.set(node, { path, target });
    }
    tree.target[entry] = node;
    tree.links[node] = (tree.links[node] ?? 0) + 1;
  }

  /** The entry of a path, made if it is missing, as its folders are. */
  #entry(path: string): EntryId {
    return entryAt(this.columns, this.#folderOf(path, { onMake: this.#onMake }), { path, make: true });
  }

  /** The entry of a path; 0 if there is none. */
  #find(path: string): EntryId {
    const folder = this.#folderOf(path, {});
    return folder === 0 ? 0 : entryAt(this.columns, folder, { path, make: false });
  }

  #folderOf(path: string, options: Parameters<typeof walkTo>[2]): NodeId {
    const slash = path.lastIndexOf('/');
    if (slash < 0) return ROOT;
    if (slash === this.#lastPath?.length && path.startsWith(this.#lastPath)) return this.#lastFolder;
    const parent = path.slice(0, slash);
    const folder = walkTo(this.columns, parent, options);
    if (folder !== 0) [this.#lastPath, this.#lastFolder] = [parent, folder];
    return folder;
  }

  /** What an entry leads to gives way, a folder with all that is in it. */
  #takeAway(entry: EntryId): void {
    const tree = this.columns;
    if (tree.target[entry] === 0) return;
    this.#lastPath = undefined;
    const entries = [entry];
    for (let each = entries.pop(); each !== undefined; each = entries.pop()) {
      const node = tree.target[each] ?? 0;
      tree.target[each] = 0;
      if (!isDirectory(tree, node)) {
        tree.links[node] = (tree.links[node] ?? 1) - 1;
        continue;
      }
      this.#late.implicit.delete(node);
      for (let child = tree.place[node] ?? 0; child !== 0; child = tree.next[child] ?? 0)
        if (tree.target[child] !== 0) entries.push(child);
    }
  }

  #setAttributes(node: NodeId, path: string, header: TarHeader): void {
    const tree = this.columns;
    const { uid, gid, mtimeNs, xattrs } = header;
    if (!(uid >= 0 && uid <= OWNER_LIMIT && gid >= 0 && gid <= OWNER_LIMIT))
      throw new InvalidArgumentError(`${path}: owner ${uid}:${gid} is out of range`, {
        why: `Linux has users and groups from 0 to ${OWNER_LIMIT}`,
      });
    // The mode of a symbolic link is always the same on Linux.
    let mode = KINDS[header.kind] | (header.kind === 'symlink' ? 0o777 : header.mode & 0o7777);
    const older = xattrsOf(tree, node);
    if (xattrs.size > 0 || older.length > 0) {
      const encoded = encodeXattrs(path, mode, xattrs);
      mode = encoded.mode;
      tree.xattrs[node] = keepXattrs(tree, mergeXattrs(path, older, encoded));
    }
    const nanoseconds = Number(mtimeNs % SECOND);
    const forward = nanoseconds < 0 ? 1 : 0;
    tree.mode[node] = mode;
    tree.uid[node] = uid;
    tree.gid[node] = gid;
    tree.seconds[node] = Number(mtimeNs / SECOND) - forward;
    tree.nanoseconds[node] = nanoseconds + forward * 1e9;
  }

  #setTarget(node: NodeId, path: string, target: string): void {
    const length = target.length > TARGET_LIMIT ? target.length : nameBytes(target).length;
    if (length === 0 || length > TARGET_LIMIT || target.includes('\0'))
      throw new InvalidArgumentError(`${path}: a symbolic link to ${length} bytes`, {
        why: `Linux takes targets of 1 to ${TARGET_LIMIT} bytes without zero bytes`,
      });
    const kept = keepBytes(this.columns, target);
    this.columns.place[node] = kept.at;
    this.columns.size[node] = kept.length;
  }
}

/** As the kernel packs it into 32 bits (new_encode_dev). */
function deviceNumber(path: string, { major, minor }: TarHeader): number {
  if (!(major >= 0 && major <= MAJOR_LIMIT && minor >= 0 && minor <= MINOR_LIMIT))
    throw new InvalidArgumentError(`${path}: device ${major}:${minor} is out of range`, {
      why: `Linux has devices up to ${MAJOR_LIMIT}:${MINOR_LIMIT}`,
    });
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}
