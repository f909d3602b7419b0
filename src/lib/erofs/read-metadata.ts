import { DataLossError } from '#lib/errors.ts';
import { BLOCK_BYTES } from './sort-entries.ts';
import {
  BLOCK_BITS,
  DEVICE_LIMIT,
  DEVICE_TABLE,
  type IndexDevice,
  MAGIC,
  SLOT_SIZE,
  SUPERBLOCK_BYTES,
  SUPERBLOCK_OFFSET,
} from './write-index.ts';

/** Gives so many bytes of an image from there on, fewer at its end. */
export type ReadAt = (offset: number, length: number) => Buffer;

/** What stands in a superblock, and the metadata behind it. */
export interface Metadata {
  metadataOffset: number;
  metadataBytes: number;
  inodes: number;
  rootSlot: number;
  devices: IndexDevice[];
  /**
   * Bytes of the metadata, counted from its beginning; good until the next call.
   * @throws {DataLossError} if there are none
   */
  bytes(at: number, length: number): Buffer;
}

const WINDOW_BYTES = 256 * 1024;

/** @throws {DataLossError} if the image has no superblock of ours */
export function openMetadata(readAt: ReadAt): Metadata {
  const page = readAt(SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES);
  const isOurs = page.length === SUPERBLOCK_BYTES && page.readUInt32LE(0) === MAGIC && page[12] === BLOCK_BITS;
  if (!isOurs) throw damaged('it has no superblock');
  const metadataOffset = page.readUInt32LE(40) * BLOCK_BYTES;
  const metadataBytes = page.readUInt32LE(36) * BLOCK_BYTES - metadataOffset;
  if (metadataBytes <= 0) throw damaged('it has no end');
  return {
    metadataOffset,
    metadataBytes,
    inodes: page.readUInt32LE(16),
    rootSlot: page.readUInt16LE(14),
    devices: devicesOf(page),
    bytes: createWindow(readAt, { offset: metadataOffset, bytes: metadataBytes }),
  };
}

function devicesOf(page: Buffer): IndexDevice[] {
  if ((page.readUInt32LE(80) & DEVICE_TABLE) === 0) return [];
  const count = page.readUInt16LE(86);
  if (count > DEVICE_LIMIT || page.readUInt16LE(88) !== (SUPERBLOCK_OFFSET + SLOT_SIZE) / SLOT_SIZE)
    throw damaged('its table of devices is broken');
  return Array.from({ length: count }, (_, index) => {
    const at = SLOT_SIZE * (index + 1);
    return { blocks: page.readUInt32LE(at + 64), address: page.readUInt32LE(at + 68) };
  });
}

/** Reads in large pieces: what lies together is looked at together. */
function createWindow(readAt: ReadAt, part: { offset: number; bytes: number }): Metadata['bytes'] {
  let [start, window] = [0, Buffer.alloc(0) as Buffer];
  return (at, length) => {
    if (at < 0 || at + length > part.bytes) throw damaged('it points out of itself');
    if (at < start || at + length > start + window.length) {
      start = Math.floor(at / BLOCK_BYTES) * BLOCK_BYTES;
      const wanted = Math.max(WINDOW_BYTES, at - start + length);
      window = readAt(part.offset + start, Math.min(wanted, part.bytes - start));
    }
    if (at + length > start + window.length) throw damaged('its end is missing');
    return window.subarray(at - start, at - start + length);
  };
}

/** The one error of reading an index. */
export function damaged(what: string): DataLossError {
  return new DataLossError(`the layer's index is damaged: ${what}`, {
    hint: 'make it again with berth fsck --repair, or load or pull the image again',
  });
}
