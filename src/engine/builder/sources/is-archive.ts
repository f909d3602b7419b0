import { decompress } from '#lib/compression/decompress.ts';
import { BerthError } from '#lib/errors.ts';
import type { Root } from '#lib/files/open-root.ts';
import { parseBlock } from '#lib/tar/block.ts';
import { BLOCK } from '#lib/tar/header.ts';
import { openContent } from './file-content.ts';
import type { Source } from './source-tree.ts';

/** Whether a file is a tar archive, in any compression; told by its content. */
export async function isArchive(root: Root, { entries }: Pick<Source, 'entries'>): Promise<boolean> {
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
