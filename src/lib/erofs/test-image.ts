import { type TarHeader, tarHeader } from '#lib/tar/header.ts';
import { createTarParser } from '#lib/tar/parser.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { createLayerTree } from './create-layer-tree.ts';
import type { TreeFacts } from './layer-tree.ts';
import { SUPERBLOCK_OFFSET, writeIndex } from './write-index.ts';

const TAR_AT = 4096;

/** The pieces of an image over a tar, in order; sparse files lie behind the tar. For tests. */
export function imageOf(tar: Buffer): { pieces: Buffer[]; facts: TreeFacts; metadataOffset: number } {
  const tree = createLayerTree();
  const holes: Buffer[] = [];
  let end = TAR_AT + Math.ceil(tar.length / 512) * 512;
  let node: number | undefined;
  let sparse: Buffer | undefined;
  const parser = createTarParser({
    entry(header) {
      node = tree.add(header);
      sparse = undefined;
      if (node === undefined || header.sparse === undefined) return;
      sparse = Buffer.alloc(Math.ceil(header.size / 512) * 512);
      holes.push(sparse);
      tree.place(node, end / 512);
      end += sparse.length;
    },
    data(chunk, offset) {
      if (sparse !== undefined) chunk.copy(sparse, offset);
      else if (node !== undefined && offset === 0) tree.place(node, (TAR_AT + chunk.byteOffset - tar.byteOffset) / 512);
    },
    end() {},
  });
  parser.push(tar);
  parser.finish();
  const facts = tree.finish();
  const metadataOffset = Math.ceil(end / 4096) * 4096;
  const index = writeIndex(tree, { metadataOffset });
  const head = Buffer.alloc(TAR_AT);
  index.superblock.copy(head, SUPERBLOCK_OFFSET);
  const body = [head, tar, Buffer.alloc(Math.ceil(tar.length / 512) * 512 - tar.length), ...holes];
  return { pieces: [...body, Buffer.alloc(metadataOffset - end), ...index.metadata], facts, metadataOffset };
}

export type Entry = Partial<TarHeader> & { name: string; content?: string | Buffer };

/** A tar of these entries; a name with a last slash is a folder, `kind` says the rest. For tests. */
export function tarOf(...entries: readonly Entry[]): Buffer {
  const pieces = entries.flatMap(({ content = '', ...fields }) => {
    const kind = fields.kind ?? (fields.name.endsWith('/') ? 'directory' : 'file');
    const bytes = Buffer.from(content as string);
    return [tarEntry(tarHeader({ kind, size: bytes.length, ...fields })), bytes, tarPadding(bytes.length)];
  });
  return Buffer.concat([...pieces, TAR_END]);
}
