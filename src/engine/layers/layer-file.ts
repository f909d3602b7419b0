import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DataLossError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import {
  DATA_OFFSET,
  decodeHeader,
  decodeTrailer,
  type Extent,
  fileBytesOf,
  type LayerHeader,
  type LayerTrailer,
} from './format.ts';

const CHUNK_BYTES = 1024 * 1024;

/** What a layer's file says of itself. */
export interface LayerFile {
  header: LayerHeader;
  trailer: LayerTrailer;
}

/** The header alone, checked against its checksum and the file's size. @throws {DataLossError}; {NotFoundError} */
export function readLayerHeader(path: string): LayerHeader {
  return withFile(path, (fd) => headerOf(fd));
}

/** Header and trailer, checked against their checksums; the metadata, too. The tar is not looked at. @throws {DataLossError}; {NotFoundError} */
export function readLayerFile(path: string): LayerFile {
  return withFile(path, (fd) => {
    const header = headerOf(fd);
    const hash = createHash('sha256');
    for (let at = 0; at < header.metaBytes; at += CHUNK_BYTES)
      hash.update(readExactly(fd, header.metaOffset + at, Math.min(CHUNK_BYTES, header.metaBytes - at)));
    const trailer = readExactly(fd, header.trailerOffset, header.trailerBytes);
    if (!hash.update(trailer).digest().equals(header.bodyDigest))
      throw new DataLossError('the index of a layer file does not match its checksum');
    const decoded = decodeTrailer(trailer);
    checkExtents(decoded.extents, header);
    return { header, trailer: decoded };
  });
}

/** Whether the pieces make up the tar and lie where pieces can lie. */
function checkExtents(extents: readonly Extent[], { tarBytes, dataBytes }: LayerHeader): void {
  let all = 0;
  let own = 0;
  for (const { length, device, offset } of extents) {
    if (device === 0 && offset !== DATA_OFFSET + all)
      throw new DataLossError('the recipe of a layer file is not in order');
    all += length;
    if (device === 0) own += length;
  }
  if (all !== tarBytes || own !== dataBytes) throw new DataLossError('the recipe of a layer file is not whole');
}

function headerOf(fd: number): LayerHeader {
  const header = decodeHeader(readExactly(fd, 0, DATA_OFFSET));
  const { size } = fstatSync(fd);
  if (size !== fileBytesOf(header))
    throw new DataLossError(`a layer file of ${size} bytes should have ${fileBytesOf(header)}`);
  return header;
}

/** @throws {DataLossError} if the file ends before */
export function readExactly(fd: number, offset: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  readInto(fd, offset, buffer);
  return buffer;
}

/** Fills the memory. @throws {DataLossError} if the file ends before */
export function readInto(fd: number, offset: number, buffer: Buffer): void {
  for (let done = 0; done < buffer.length;) {
    const count = readSync(fd, buffer, done, buffer.length - done, offset + done);
    if (count === 0) throw new DataLossError('a layer file ends too early');
    done += count;
  }
}

function withFile<T>(path: string, work: (fd: number) => T): T {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw fileError(error, path);
  }
  try {
    return work(fd);
  } catch (error) {
    throw fileError(error, path);
  } finally {
    closeSync(fd);
  }
}
