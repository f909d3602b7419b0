import { extractTar } from '#engine/snapshots/tree/extract-tar.ts';
import { decompress } from '#lib/compression/decompress.ts';
import { BerthError } from '#lib/errors.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import { parseBlock } from '#lib/tar/block.ts';
import { BLOCK } from '#lib/tar/header.ts';
import { openContent, type Source } from '../sources/source-tree.ts';
import { makeFolders } from './write-files.ts';

/** Whether a file is a tar archive, in any compression; told by its content. */
export async function isArchive(root: Root, { entries }: Source): Promise<boolean> {
  const [entry] = entries;
  if (entry?.kind !== 'file' || entry.size === 0) return false;
  try {
    const head = await firstBlock(openContent(root, entry.path));
    if (head.length < BLOCK || head.every((byte) => byte === 0)) return false;
    parseBlock(head);
    return true;
  } catch (error) {
    if (error instanceof BerthError) return false;
    throw error;
  }
}

async function firstBlock(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for await (const chunk of decompress(source)) {
    head = Buffer.concat([head, chunk.subarray(0, BLOCK)]);
    if (head.length >= BLOCK) break;
  }
  return head.subarray(0, BLOCK);
}

/** Unpacks it into a folder of a tree; links that lead out of the folder end inside the tree. */
export async function unpackArchive(
  { from, to }: { from: Root; to: Root },
  { source, folder }: { source: Source; folder: string },
  { owner, signal }: { owner: { uid: number; gid: number } | undefined; signal: AbortSignal },
): Promise<void> {
  makeFolders(to, folder, owner);
  const canonical = to.resolveInRoot(`${folder}/.`);
  using target = openRoot(`${to.path}${canonical}`);
  const [entry] = source.entries;
  if (entry === undefined) return;
  await extractTar(target, openContent(from, entry.path), { signal, ...(owner !== undefined && { owner }) });
}
