import type { FileTree } from '../files.ts';
import { inflate } from './bytes.ts';

/** An entry of a zip archive (APPNOTE 4.3.12). */
export interface ZipEntry {
  name: string;
  /** 0: stored, 8: deflated. */
  method: number;
  storedBytes: number;
  bytes: number;
  /** Of its local header. */
  offset: number;
}

const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
const MAX_DIRECTORY_BYTES = 16 * 1024 * 1024;
const MAX_ENTRIES = 50_000;

/** The list at the end of a zip archive, zip64 included; undefined if the file is none. Nothing but that list is read. */
export async function readZip(tree: FileTree, path: string, size: number): Promise<ZipEntry[] | undefined> {
  const tailStart = Math.max(0, size - END_BYTES - MAX_COMMENT_BYTES);
  const tail = await tree.bytes(path, tailStart, size - tailStart);
  if (tail === undefined) return undefined;
  const view = viewOf(tail);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    const place = (await zip64Place(tree, path, { tail: view, at })) ?? {
      length: view.getUint32(at + 12, true),
      start: view.getUint32(at + 16, true),
    };
    if (place.length > MAX_DIRECTORY_BYTES || place.start + place.length > size) return undefined;
    const directory = await tree.bytes(path, place.start, place.length);
    return directory === undefined ? undefined : entriesOf(directory);
  }
  return undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** APPNOTE 4.3.14 and 4.3.15. */
async function zip64Place(
  tree: FileTree,
  path: string,
  { tail, at }: { tail: DataView; at: number },
): Promise<{ start: number; length: number } | undefined> {
  if (at < 20 || tail.getUint32(at - 20, true) !== 0x07064b50) return undefined;
  const record = await tree.bytes(path, Number(tail.getBigUint64(at - 12, true)), 56);
  if (record?.length !== 56) return undefined;
  const view = viewOf(record);
  return { length: Number(view.getBigUint64(40, true)), start: Number(view.getBigUint64(48, true)) };
}

function entriesOf(directory: Uint8Array): ZipEntry[] {
  const view = viewOf(directory);
  const entries: ZipEntry[] = [];
  let at = 0;
  while (at + 46 <= directory.length && entries.length < MAX_ENTRIES && view.getUint32(at, true) === 0x02014b50) {
    const [nameLength, extraLength] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)];
    const entry: ZipEntry = {
      name: new TextDecoder().decode(directory.subarray(at + 46, at + 46 + nameLength)),
      method: view.getUint16(at + 10, true),
      storedBytes: view.getUint32(at + 20, true),
      bytes: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    const end = Math.min(directory.length, at + 46 + nameLength + extraLength);
    entries.push(withZip64(entry, view, { start: at + 46 + nameLength, end }));
    at += 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  }
  return entries;
}

/** Sizes that need more than 32 bits lie in an extra field (APPNOTE 4.5.3). */
function withZip64(entry: ZipEntry, view: DataView, { start, end }: { start: number; end: number }): ZipEntry {
  for (let at = start; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    const wide = (value: number): number => {
      if (value !== 0xffff_ffff || next + 8 > end) return value;
      next += 8;
      return Number(view.getBigUint64(next - 8, true));
    };
    const bytes = wide(entry.bytes);
    const storedBytes = wide(entry.storedBytes);
    return { ...entry, bytes, storedBytes, offset: wide(entry.offset) };
  }
  return entry;
}

/** Where the bytes of an entry begin; undefined if its header is broken. */
export async function startOfEntry(tree: FileTree, path: string, { offset }: ZipEntry): Promise<number | undefined> {
  const header = await tree.bytes(path, offset, 30);
  if (header?.length !== 30 || viewOf(header).getUint32(0, true) !== 0x04034b50) return undefined;
  return offset + 30 + viewOf(header).getUint16(26, true) + viewOf(header).getUint16(28, true);
}

/** An entry's content, at most `limit` bytes of it; undefined if it is broken or packed in a way that is not read. */
export async function readEntry(
  tree: FileTree,
  path: string,
  { entry, limit }: { entry: ZipEntry; limit: number },
): Promise<Uint8Array | undefined> {
  const start = await startOfEntry(tree, path, entry);
  if (start === undefined || (entry.method !== 0 && entry.method !== 8)) return undefined;
  const stored = await tree.bytes(path, start, Math.min(entry.storedBytes, limit));
  if (stored === undefined || entry.method === 0) return stored;
  return inflate(stored, 'deflate-raw', limit);
}
