import { createHash } from 'node:crypto';
import type { LayerNeeds } from '#lib/erofs/layer-tree.ts';
import { DataLossError } from '#lib/errors.ts';
import { type Digest, hexOf, isDigest } from '#oci/digest.ts';

/**
 * A layer's file, little endian. Bytes 0 to 1023: header of ours; to 4095: EROFS superblock and device slots; then the data region: the tar, byte
 * for byte, with holes where donors have its content, so that what is here has the same place however much is shared; sparse files with their holes; at a multiple of 4096 the EROFS metadata; the trailer; zeros up to a multiple of
 * 4096. The header is written last and says of what the file is, so that a record can be made again from it.
 */
export const DATA_OFFSET = 4096;
export const SUPERBLOCK_OFFSET = 1024;

const MAGIC = 'BERTHLYR';
const VERSION = 1;
/** Bytes of our header before its own checksum. */
const FIELDS_BYTES = 128;
const EXTENT_BYTES = 24;
/** Of the file system, in the superblock. */
const UUID_OFFSET = 48;
const UUID_BYTES = 16;

/** Where the parts of a layer's file are, bytes. */
export interface LayerLayout {
  tarBytes: number;
  /** Bytes of the tar in this file; all of them unless donors have some. */
  dataBytes: number;
  metaOffset: number;
  metaBytes: number;
  trailerOffset: number;
  trailerBytes: number;
}

export interface LayerHeader extends LayerLayout {
  diffId: Digest;
  /** sha256 over metadata and trailer. */
  bodyDigest: Buffer;
}

/** A piece of the tar. */
export interface Extent {
  /** Bytes. */
  length: number;
  /** 0: this file; n: donor n - 1. */
  device: number;
  /** Of its first byte in that file. */
  offset: number;
}

export interface LayerTrailer {
  needs: LayerNeeds;
  /** Bytes of all regular files of the tar. */
  contentBytes: number;
  /** In the order of the device table. */
  donors: readonly Digest[];
  /** The tar, put together of these in order. */
  extents: readonly Extent[];
}

export function alignUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/** Bytes of the whole file. */
export function fileBytesOf({ trailerOffset, trailerBytes }: LayerLayout): number {
  return alignUp(trailerOffset + trailerBytes, 4096);
}

/** The first 4096 bytes of a file. @param superblock bytes 1024 to 4095 */
export function encodeHeader(header: LayerHeader, superblock: Uint8Array): Buffer {
  const page = Buffer.alloc(DATA_OFFSET);
  page.write(MAGIC, 0, 'latin1');
  page.writeUInt32LE(VERSION, 8);
  page.write(hexOf(header.diffId), 16, 'hex');
  const { tarBytes, dataBytes, metaOffset, metaBytes, trailerOffset, trailerBytes } = header;
  for (const [index, value] of [tarBytes, dataBytes, metaOffset, metaBytes, trailerOffset, trailerBytes].entries())
    page.writeBigUInt64LE(BigInt(value), 48 + index * 8);
  header.bodyDigest.copy(page, 96);
  page.set(identified(superblock, header.diffId), SUPERBLOCK_OFFSET);
  headerChecksum(page).copy(page, FIELDS_BYTES);
  return page;
}

/** The superblock with the UUID of a layer's file system: overlayfs keeps inode numbers only over file systems that it can tell apart. */
export function identified(superblock: Uint8Array, diffId: Digest): Buffer {
  const bytes = Buffer.from(superblock);
  bytes.write(hexOf(diffId).slice(0, UUID_BYTES * 2), UUID_OFFSET, 'hex');
  return bytes;
}

/** @throws {DataLossError} if it is not a whole header */
export function decodeHeader(page: Buffer): LayerHeader {
  if (page.length < DATA_OFFSET || page.toString('latin1', 0, 8) !== MAGIC)
    throw new DataLossError('not a layer file: it does not begin as one');
  if (page.readUInt32LE(8) !== VERSION)
    throw new DataLossError(`a layer file of version ${page.readUInt32LE(8)}; this program knows version ${VERSION}`);
  if (!headerChecksum(page).equals(page.subarray(FIELDS_BYTES, FIELDS_BYTES + 32)))
    throw new DataLossError('the header of a layer file does not match its checksum');
  const number = (index: number): number => Number(page.readBigUInt64LE(48 + index * 8));
  return {
    diffId: `sha256:${page.toString('hex', 16, 48)}`,
    tarBytes: number(0),
    dataBytes: number(1),
    metaOffset: number(2),
    metaBytes: number(3),
    trailerOffset: number(4),
    trailerBytes: number(5),
    bodyDigest: Buffer.from(page.subarray(96, 128)),
  };
}

/** Covers our fields and the superblock; what lies between is not used. */
function headerChecksum(page: Buffer): Buffer {
  return createHash('sha256')
    .update(page.subarray(0, FIELDS_BYTES))
    .update(page.subarray(SUPERBLOCK_OFFSET, DATA_OFFSET))
    .digest();
}

/** Lengths of both parts, the description as JSON, the extents. */
export function encodeTrailer({ needs, contentBytes, donors, extents }: LayerTrailer): Buffer {
  const json = Buffer.from(JSON.stringify({ needs, contentBytes, donors }));
  const trailer = Buffer.alloc(8 + json.length + extents.length * EXTENT_BYTES);
  trailer.writeUInt32LE(json.length, 0);
  trailer.writeUInt32LE(extents.length, 4);
  json.copy(trailer, 8);
  for (const [index, { length, device, offset }] of extents.entries()) {
    const at = 8 + json.length + index * EXTENT_BYTES;
    trailer.writeBigUInt64LE(BigInt(length), at);
    trailer.writeBigUInt64LE(BigInt(offset), at + 8);
    trailer.writeUInt32LE(device, at + 16);
  }
  return trailer;
}

/** @throws {DataLossError} if it is not a whole trailer */
export function decodeTrailer(trailer: Buffer): LayerTrailer {
  if (trailer.length < 8) broken('it is too short');
  const jsonBytes = trailer.readUInt32LE(0);
  const count = trailer.readUInt32LE(4);
  if (8 + jsonBytes + count * EXTENT_BYTES !== trailer.length) broken('its parts are not as long as it says');
  const { needs, contentBytes, donors } = parseDescription(trailer.toString('utf8', 8, 8 + jsonBytes));
  const extents = Array.from({ length: count }, (_, index): Extent => {
    const at = 8 + jsonBytes + index * EXTENT_BYTES;
    const device = trailer.readUInt32LE(at + 16);
    if (device > donors.length) broken(`extent ${index} lies in a donor that is not named`);
    return {
      length: Number(trailer.readBigUInt64LE(at)),
      device,
      offset: Number(trailer.readBigUInt64LE(at + 8)),
    };
  });
  return { needs, contentBytes, donors, extents };
}

function broken(why: string): never {
  throw new DataLossError('the trailer of a layer file is broken', { why });
}

/** The checksum vouches for who wrote it; only what a damaged file could show is checked. */
function parseDescription(text: string): Omit<LayerTrailer, 'extents'> {
  try {
    const parsed = JSON.parse(text) as Omit<LayerTrailer, 'extents'>;
    if (!Array.isArray(parsed.donors) || !parsed.donors.every((donor) => isDigest(donor)))
      return broken('it does not name its donors');
    return parsed;
  } catch (error) {
    return broken((error as Error).message);
  }
}
