import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DataLossError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import type { Digest } from '#oci/digest.ts';
import { DONORS_FROM } from '../device-table.ts';
import { DATA_OFFSET, decodeHeader, type LayerHeader } from '../format.ts';
import { readExactly } from '../layer-file.ts';
import type { StoredLayer } from '../records.ts';
import { indexFiles, readDevices } from './index-files.ts';

/** A regular file of a layer, and where its content lies. */
export interface StoredFile {
  path: string;
  bytes: number;
  /** The layer in whose file the content is: the layer itself or a donor of it. */
  source: Digest;
  /** In that file, bytes. */
  offset: number;
}

const BLOCK = 512;

/**
 * Regular files of at least so many bytes of a layer, by its index; hard links once. Files with holes are left out: their content is not as it is in the tar.
 * @throws {DataLossError} if the index is broken; {NotFoundError}
 */
export function* storedFiles(root: string, layer: StoredLayer, leastBytes: number): Generator<StoredFile> {
  const { header, page, metadata } = readMetadata(join(root, layer.file));
  const devices = readDevices(page);
  const ownEnd = DATA_OFFSET + header.tarBytes;
  for (const { path, bytes, address } of indexFiles(page, { metadata, metaOffset: header.metaOffset })) {
    if (bytes < leastBytes) continue;
    const offset = address * BLOCK;
    if (address < DONORS_FROM) {
      if (offset >= DATA_OFFSET && offset + bytes <= ownEnd) yield { path, bytes, source: layer.diffId, offset };
      continue;
    }
    const number = devices.findIndex((device) => address >= device.address && address < device.address + device.blocks);
    const [source, device] = [layer.donors[number], devices[number]];
    if (source !== undefined && device !== undefined)
      yield { path, bytes, source, offset: (address - device.address) * BLOCK };
  }
}

function readMetadata(path: string): { header: LayerHeader; page: Buffer; metadata: Buffer } {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw fileError(error, path);
  }
  try {
    const page = readExactly(fd, 0, DATA_OFFSET);
    const header = decodeHeader(page);
    if (header.metaBytes > 2 ** 31) throw new DataLossError('the index of a layer is too large');
    return { header, page, metadata: readExactly(fd, header.metaOffset, header.metaBytes) };
  } finally {
    closeSync(fd);
  }
}
