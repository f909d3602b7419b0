import { closeSync, openSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { createLayerTree } from '#lib/erofs/create-layer-tree.ts';
import type { BlockAddress } from '#lib/erofs/layer-tree.ts';
import { type IndexDevice, writeIndex } from '#lib/erofs/write-index.ts';
import { BLOCK, type TarHeader } from '#lib/tar/header.ts';
import { createTarParser } from '#lib/tar/parser.ts';
import { alignUp, DATA_OFFSET, type Extent, identified, SUPERBLOCK_OFFSET } from '../format.ts';
import { type LayerFile, readExactly } from '../layer-file.ts';

/** Makes a layer's index again from its tar and compares it with the one in the file. */
export interface IndexCheck extends Disposable {
  /** The next bytes of the tar. */
  push(chunk: Buffer): void;
  /** What is different; undefined if nothing is. To be called once, after the last byte. */
  finish(): string | undefined;
}

const DEVICE_SLOT_BYTES = 128;

/** @throws {NotFoundError} if the file is gone */
export function openIndexCheck(path: string, { header, trailer }: LayerFile): IndexCheck {
  const fd = openSync(path, 'r');
  const page = readExactly(fd, 0, DATA_OFFSET);
  const devices = deviceSlots(page);
  const tree = createLayerTree();
  const addressOf = createAddresses(trailer.extents, devices);
  let sparseEnd = alignUp(DATA_OFFSET + header.tarBytes, BLOCK);
  let sparseAt: number | undefined;
  let fault: string | undefined;

  const entry = (entryHeader: TarHeader, contentAt: number): void => {
    sparseAt = undefined;
    const node = tree.add(entryHeader);
    if (node === undefined || entryHeader.size === 0) return;
    if (entryHeader.sparse === undefined) {
      tree.place(node, addressOf(contentAt));
      return;
    }
    sparseAt = sparseEnd;
    tree.place(node, sparseAt / BLOCK);
    sparseEnd = alignUp(sparseAt + entryHeader.size, BLOCK);
  };
  const parser = createTarParser({
    entry,
    data(piece, offset) {
      if (sparseAt === undefined || fault !== undefined) return;
      if (!readExactly(fd, sparseAt + offset, piece.length).equals(piece))
        fault = 'the content of a sparse file differs from the tar';
    },
    end() {},
  });
  return {
    push: (chunk) => parser.push(chunk),
    finish() {
      parser.finish();
      const facts = tree.finish();
      if (fault !== undefined) return fault;
      if (!isDeepStrictEqual(JSON.parse(JSON.stringify(facts.needs)), trailer.needs))
        return 'what it says of the layers below differs from the tar';
      const index = writeIndex(tree, { metadataOffset: header.metaOffset, devices });
      const superblock = identified(index.superblock, header.diffId);
      if (!page.subarray(SUPERBLOCK_OFFSET, SUPERBLOCK_OFFSET + superblock.length).equals(superblock))
        return 'its superblock differs from the one that the tar gives';
      return compareMetadata(fd, header, index.metadata);
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

function compareMetadata(fd: number, header: LayerFile['header'], pieces: Iterable<Buffer>): string | undefined {
  let at = header.metaOffset;
  const end = header.metaOffset + header.metaBytes;
  for (const piece of pieces) {
    if (at + piece.length > end) return 'its index is shorter than the one that the tar gives';
    if (!readExactly(fd, at, piece.length).equals(piece)) return `its index differs from the one that the tar gives, at byte ${at}`; // prettier-ignore
    at += piece.length;
  }
  return at === end ? undefined : 'its index is longer than the one that the tar gives';
}

/** The device table behind the superblock (Linux, filesystems/erofs.rst). */
function deviceSlots(page: Buffer): IndexDevice[] {
  const count = page.readUInt16LE(SUPERBLOCK_OFFSET + 86);
  const from = page.readUInt16LE(SUPERBLOCK_OFFSET + 88) * DEVICE_SLOT_BYTES;
  return Array.from({ length: count }, (_, index) => {
    const slot = from + index * DEVICE_SLOT_BYTES;
    return { blocks: page.readUInt32LE(slot + 64), address: page.readUInt32LE(slot + 68) };
  });
}

/** Where a place of the tar is in the image; to be asked in rising order. */
function createAddresses(
  extents: readonly Extent[],
  devices: readonly IndexDevice[],
): (tarOffset: number) => BlockAddress {
  let index = 0;
  let from = 0;
  return (tarOffset) => {
    for (
      let extent = extents[index];
      extent !== undefined && from + extent.length <= tarOffset;
      extent = extents[index]
    ) {
      // prettier-ignore
      from += extent.length;
      index += 1;
    }
    const extent = extents[index];
    if (extent === undefined) return 0;
    const block = (extent.offset + tarOffset - from) / BLOCK;
    return extent.device === 0 ? block : (devices[extent.device - 1]?.address ?? 0) + block;
  };
}
