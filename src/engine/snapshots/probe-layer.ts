import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LayerImage } from '#engine/layers/layer-store.ts';
import { createLayerTree } from '#lib/erofs/create-layer-tree.ts';
import { SUPERBLOCK_OFFSET, writeIndex } from '#lib/erofs/write-index.ts';
import { tarHeader } from '#lib/tar/header.ts';

/** A layer file to try mounting with. */
export interface ProbeLayer extends LayerImage {
  /** Content of its files by path. */
  files: ReadonlyMap<string, Buffer>;
}

const BLOCK = 512;
const HEAD_BYTES = 4096;
const DONOR_ADDRESS = 2 ** 31;

/**
 * Writes a layer of a folder and three files, of which one is longer than a page and one lies in the file of a donor. Content begins at multiples
 * of 512 bytes that are none of 4096, as it does in a tar.
 */
export function writeProbeLayer(folder: string): ProbeLayer {
  const [small, large, donated] = [content(700, 3), content(10_000, 5), content(9_000, 7)];
  const own = Buffer.concat([Buffer.alloc(HEAD_BYTES + BLOCK), padded(small), padded(large)]);
  const donor = Buffer.concat([Buffer.alloc(HEAD_BYTES + BLOCK), padded(donated)]);
  const tree = createLayerTree();
  const add = (name: string, bytes: Buffer, address: number): void => {
    const node = tree.add(tarHeader({ name, kind: 'file', size: bytes.length, mode: 0o644 }));
    if (node !== undefined) tree.place(node, address);
  };
  const first = (HEAD_BYTES + BLOCK) / BLOCK;
  tree.add(tarHeader({ name: 'folder/', kind: 'directory', mode: 0o755 }));
  add('folder/small', small, first);
  add('folder/large', large, first + padded(small).length / BLOCK);
  add('folder/donated', donated, DONOR_ADDRESS + first);
  tree.finish();
  const metadataOffset = Math.ceil(own.length / HEAD_BYTES) * HEAD_BYTES;
  const devices = [{ blocks: donor.length / BLOCK, address: DONOR_ADDRESS }];
  const index = writeIndex(tree, { metadataOffset, devices });
  index.superblock.copy(own, SUPERBLOCK_OFFSET);
  const [path, device] = [join(folder, 'layer'), join(folder, 'donor')];
  writeFileSync(path, Buffer.concat([own, Buffer.alloc(metadataOffset - own.length), ...index.metadata]));
  writeFileSync(device, donor);
  const files = new Map([
    ['folder/donated', donated],
    ['folder/large', large],
    ['folder/small', small],
  ]);
  return { path, devices: [device], files };
}

function content(bytes: number, step: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => (index * step) % 251));
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}
