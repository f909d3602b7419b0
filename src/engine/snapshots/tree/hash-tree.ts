import { createHash } from 'node:crypto';
import type { HashedTar } from '#engine/layers/layer-store.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { freeBuffer } from '#lib/free-buffer.ts';
import { openStack, type StackTree } from '../stack.ts';
import { packTree } from './pack-tree.ts';

/** A tree in the form of overlayfs, by its folders. */
export interface OverlayTree {
  path: string;
  /** What it lies over, uppermost first; mounted as long as it is looked at. */
  below: readonly StackTree[];
}

/** What the tree changes against those below it, as the tar of a layer. Equal trees give equal bytes. */
export async function* tarOfTree({ path, below }: OverlayTree): AsyncGenerator<Buffer> {
  using stack = below.length === 0 ? undefined : openStack(below);
  using tree = openRoot(path);
  const isFolderBelow = (folder: string): boolean => stack?.find(folder)?.stats.isDirectory() === true;
  yield* packTree(tree, '', { whiteouts: true, isFolderBelow });
}

/** The digest and size of that tar. */
export async function hashTree(tree: OverlayTree): Promise<HashedTar> {
  const hash = createHash('sha256');
  let tarBytes = 0;
  for await (const piece of tarOfTree(tree)) {
    hash.update(piece);
    tarBytes += piece.length;
    freeBuffer(piece);
  }
  return { diffId: `sha256:${hash.digest('hex')}`, tarBytes };
}
