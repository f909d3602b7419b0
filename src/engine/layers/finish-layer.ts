import { createHash } from 'node:crypto';
import { ftruncateSync } from 'node:fs';
import type { IndexedTree } from '#lib/erofs/create-layer-tree.ts';
import type { NodeId } from '#lib/erofs/layer-tree.ts';
import { writeIndex } from '#lib/erofs/write-index.ts';
import { TooLargeError } from '#lib/errors.ts';
import { BLOCK, type SparseRegion } from '#lib/tar/header.ts';
import { type DeviceTable, DONORS_FROM } from './device-table.ts';
import { alignUp, DATA_OFFSET, encodeTrailer, fileBytesOf, type LayerLayout, type LayerTrailer } from './format.ts';
import { eachPiece, type OwnRegion, writeAll } from './own-region.ts';

/** A file of the tar with holes; its content gets a place of its own behind the tar, where the holes cost nothing. */
export interface SparseFile {
  /** As the archive writes it. */
  name: string;
  node: NodeId;
  /** With holes. */
  bytes: number;
  regions: readonly SparseRegion[];
  /** Where in the layer's file the tar has the regions' bytes, one behind the other. */
  storedAt: number;
}

/** What is known of a layer when all but its first page is written; it can be sent between threads. */
export interface WrittenLayer extends LayerLayout {
  bodyDigest: Uint8Array;
  /** Bytes 1024 to 4095 of the file. */
  superblock: Uint8Array;
  trailer: LayerTrailer;
}

interface Parts {
  fd: number;
  tree: IndexedTree;
  region: OwnRegion;
  devices: DeviceTable;
}

/** Writes what comes behind the tar. */
export function finishLayer(
  { fd, tree, region, devices }: Parts,
  { tarBytes, sparse }: { tarBytes: number; sparse: readonly SparseFile[] },
): WrittenLayer {
  const dataEnd = layOut({ fd, tree }, sparse, alignUp(DATA_OFFSET + tarBytes, BLOCK));
  const facts = tree.finish();
  const used = devices.used(region.extents);
  const metaOffset = alignUp(dataEnd, 4096);
  const index = writeIndex(tree, { metadataOffset: metaOffset, devices: used.devices });
  const hash = createHash('sha256');
  let at = metaOffset;
  for (const piece of index.metadata) {
    hash.update(piece);
    writeAll(fd, [piece], at);
    at += piece.length;
  }
  const trailer: LayerTrailer = {
    needs: facts.needs,
    contentBytes: facts.contentBytes,
    donors: used.donors.map(({ diffId }) => diffId),
    extents: used.extents,
  };
  const encoded = encodeTrailer(trailer);
  writeAll(fd, [encoded], at);
  const layout: LayerLayout = {
    tarBytes,
    dataBytes: region.bytes,
    metaOffset,
    metaBytes: at - metaOffset,
    trailerOffset: at,
    trailerBytes: encoded.length,
  };
  ftruncateSync(fd, fileBytesOf(layout));
  return { ...layout, bodyDigest: hash.update(encoded).digest(), superblock: index.superblock, trailer };
}

/** @returns where the last one ends */
function layOut({ fd, tree }: Pick<Parts, 'fd' | 'tree'>, sparse: readonly SparseFile[], from: number): number {
  let at = from;
  for (const { name, node, bytes, regions, storedAt } of sparse) {
    requireAddress(at + bytes, JSON.stringify(name));
    tree.place(node, at / BLOCK);
    let stored = storedAt;
    for (const { offset, length } of regions) {
      const to = at + offset;
      eachPiece({ fd, offset: stored, length }, (piece, done) => writeAll(fd, [piece], to + done));
      stored += length;
    }
    at = alignUp(at + bytes, BLOCK);
  }
  requireAddress(at, 'the layer');
  return at;
}

/** @throws {TooLargeError} */
function requireAddress(offset: number, what: string): void {
  if (offset / BLOCK >= DONORS_FROM)
    throw new TooLargeError(`${what} is too large`, { why: 'a layer and its sparse files take at most 1 TiB' });
}
