import { InvalidArgumentError } from '#lib/errors.ts';
import { OPAQUE_MARK, WHITEOUTS_MARK } from '#lib/tar/layer-mark.ts';
import type { LateEntries } from './create-layer-tree.ts';
import { addMark } from './encode-xattrs.ts';
import { CHARACTER, KIND_MASK, REGULAR } from './file-kinds.ts';
import type { NodeId, TreeFacts } from './layer-tree.ts';
import {
  addNode,
  DOT_DOT,
  type EntryId,
  isDirectory,
  keepXattrs,
  pathOf,
  ROOT,
  type TreeColumns,
  xattrsOf,
} from './tree-columns.ts';
import { entryAt, walkTo } from './walk-tree.ts';

/** Hard links to what came later, whiteouts and opaque marks: they are about the finished tree, wherever they stood in the archive. */
export function finishTree(tree: TreeColumns, late: LateEntries): TreeFacts {
  const waiting = resolveLinks(tree, late.links);
  const clearsRoot = applyMarks(tree, late);
  return {
    ...count(tree),
    needs: {
      hasRoot: late.hasRoot,
      // A parent's path is the beginning of its children's.
      implicit: [...late.implicit].map((folder) => pathOf(tree, tree.entryOf[folder] ?? 0)).toSorted(),
      clearsRoot,
      links: waiting.map(({ entry, target }) => {
        tree.target[entry] = 0;
        return { path: pathOf(tree, entry), target };
      }),
    },
  };
}

/** Where a link that stands for another name leads in the end: to a file, or out of the layer. */
type Destination = { node: NodeId } | { target: string };

/** @returns the entries that wait for a file of the layers below; they keep their place */
function resolveLinks(tree: TreeColumns, links: LateEntries['links']): { entry: EntryId; target: string }[] {
  if (links.size === 0) return [];
  const known = new Map<NodeId, Destination>();
  const waiting: { entry: EntryId; target: string }[] = [];
  const found: { entry: EntryId; node: NodeId }[] = [];
  for (let entry = DOT_DOT + 1; entry < tree.entries; entry++) {
    const node = tree.target[entry] ?? 0;
    if (!links.has(node)) continue;
    const destination = follow(tree, node, { links, known });
    if ('target' in destination) waiting.push({ entry, target: destination.target });
    else found.push({ entry, node: destination.node });
  }
  // Only now, so that the order of names makes no difference.
  for (const { entry, node } of found) {
    tree.target[entry] = node;
    tree.links[node] = (tree.links[node] ?? 0) + 1;
  }
  return waiting;
}

function follow(
  tree: TreeColumns,
  first: NodeId,
  { links, known }: { links: LateEntries['links']; known: Map<NodeId, Destination> },
): Destination {
  const passed = new Set<NodeId>();
  let destination: Destination | undefined;
  for (let node = first; destination === undefined;) {
    const link = links.get(node);
    if (known.has(node)) destination = known.get(node);
    else if (link === undefined) destination = { node };
    else if (passed.has(node))
      throw new InvalidArgumentError(`${link.path}: is a link to itself`, {
        hint: 'the archive names no file that it could be; make the image again',
      });
    else {
      passed.add(node);
      const { path, target } = nameIn(tree, link.target);
      if (target === 0) destination = { target: path };
      else if (isDirectory(tree, target))
        throw new InvalidArgumentError(`${link.path}: is a link to ${link.target}, which is not a file of the archive`);
      else node = target;
    }
  }
  for (const node of passed) known.set(node, destination);
  return destination;
}

/** What a path leads to, 0 for nothing, and the path without the links of this layer on its way. */
function nameIn(tree: TreeColumns, path: string): { path: string; target: NodeId } {
  for (let slash = path.lastIndexOf('/'); slash >= 0; slash = path.lastIndexOf('/', slash - 1)) {
    const folder = walkTo(tree, path.slice(0, slash));
    if (folder === 0) {
      if (slash === 0) break;
      continue;
    }
    const above = folder === ROOT ? '' : `${pathOf(tree, tree.entryOf[folder] ?? 0)}/`;
    const isParent = slash === path.lastIndexOf('/');
    const entry = isParent ? entryAt(tree, folder, { path, make: false }) : 0;
    return { path: above + path.slice(slash + 1), target: tree.target[entry] ?? 0 };
  }
  const isTop = !path.includes('/');
  return { path, target: isTop ? (tree.target[entryAt(tree, ROOT, { path, make: false })] ?? 0) : 0 };
}

/**
 * Whiteouts hide what is below, never something of the same layer. In the order of paths, so that what is deleted with its folder makes no folder again.
 * @returns whether the root hides all that is below
 */
function applyMarks(tree: TreeColumns, late: LateEntries): boolean {
  const onMake = (folder: NodeId): void => void late.implicit.add(folder);
  let clearsRoot = false;
  let whiteout: NodeId = 0;
  for (const path of [...late.whiteouts].toSorted()) {
    const folder = walkTo(tree, path.slice(0, Math.max(0, path.lastIndexOf('/'))), { onMake });
    if (folder === 0) continue;
    const entry = entryAt(tree, folder, { path, make: true });
    const there = tree.target[entry] ?? 0;
    if (there === 0) {
      if (whiteout === 0) whiteout = addNode(tree, CHARACTER);
      tree.target[entry] = whiteout;
      tree.links[whiteout] = (tree.links[whiteout] ?? 0) + 1;
      mark(tree, folder, WHITEOUTS_MARK);
    } else if (isDirectory(tree, there)) mark(tree, there, OPAQUE_MARK);
  }
  for (const path of [...late.opaque].toSorted()) {
    const folder = walkTo(tree, path, { onMake });
    if (folder === ROOT) clearsRoot = true;
    else if (folder !== 0) mark(tree, folder, OPAQUE_MARK);
  }
  return clearsRoot;
}

function mark(tree: TreeColumns, folder: NodeId, as: { name: string; value: string }): void {
  tree.xattrs[folder] = keepXattrs(tree, addMark(xattrsOf(tree, folder), as));
}

function count(tree: TreeColumns): Omit<TreeFacts, 'needs'> {
  let [inodes, contentBytes] = [0, 0];
  for (let node = ROOT; node < tree.nodes; node++) {
    const isThere = isDirectory(tree, node)
      ? node === ROOT || tree.target[tree.entryOf[node] ?? 0] === node
      : tree.links[node] !== 0 && ((tree.mode[node] ?? 0) & KIND_MASK) !== 0;
    if (!isThere) continue;
    inodes += 1;
    if (((tree.mode[node] ?? 0) & KIND_MASK) === REGULAR) contentBytes += tree.size[node] ?? 0;
  }
  return { inodes, contentBytes };
}
