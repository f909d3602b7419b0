import { DataLossError } from '#lib/errors.ts';

/** Reads `length` bytes of an archive from `start` on. */
export type ReadBytes = (start: number, length: number) => Promise<Uint8Array>;

export interface ZipEntry {
  name: string;
  bytes: number;
  compressedBytes: number;
  /** 0 stored, 8 deflated. */
  method: number;
  /** Where its local header begins. */
  offset: number;
}

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
/** The end record, a comment as wheels have it, and the directory of most wheels. */
const TAIL_BYTES = 64 * 1024;
const MAX_DIRECTORY_BYTES = 32 * 1024 * 1024;

/**
 * The files of a ZIP archive, from its central directory alone (APPNOTE 4.3.12, without ZIP64: wheels are below 4 GB).
 * @throws {DataLossError} if it is no such archive
 */
export async function readZipDirectory(read: ReadBytes, size: number): Promise<ZipEntry[]> {
  const tailStart = Math.max(0, size - TAIL_BYTES);
  const tail = Buffer.from(await read(tailStart, size - tailStart));
  const end = endRecord(tail);
  if (end === undefined) throw new DataLossError('the archive has no directory', { why: 'its end record is missing' });
  const [bytes, start] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  if (bytes > MAX_DIRECTORY_BYTES || start + bytes > size)
    throw new DataLossError('the directory of the archive cannot be right', { why: 'it is larger than the archive' });
  const directory = start >= tailStart ? tail.subarray(start - tailStart, start - tailStart + bytes) : Buffer.from(await read(start, bytes)); // prettier-ignore
  return entriesOf(directory);
}

function endRecord(tail: Buffer): number | undefined {
  for (let at = tail.length - END_BYTES; at >= 0; at--) if (tail.readUInt32LE(at) === END_SIGNATURE) return at;
  return undefined;
}

function entriesOf(directory: Buffer): ZipEntry[] {
  const entries: ZipEntry[] = [];
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === ENTRY_SIGNATURE;) {
    const nameLength = directory.readUInt16LE(at + 28);
    const rest = directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      compressedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + rest;
  }
  return entries;
}

/** Where the content of an entry begins, by its local header. */
export async function contentStart(read: ReadBytes, { offset }: ZipEntry): Promise<number> {
  const header = Buffer.from(await read(offset, 30));
  return offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
}
