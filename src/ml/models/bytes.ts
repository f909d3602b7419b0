import type { FileTree } from '../files.ts';

/** A file that is read forwards in pieces and jumped over where it is of no interest. Beyond the end, reads are short. */
export interface ByteReader {
  readonly size: number;
  readonly position: number;
  /** The next `length` bytes, and goes on behind them. @throws {EndOfFile} if fewer are left */
  take(length: number): Promise<Uint8Array>;
  /** The next bytes, at most `length`, without going on. */
  peek(length: number): Promise<Uint8Array>;
  seek(position: number): void;
}

/** The file ends in the middle of something. */
export class EndOfFile extends Error {
  override name = 'EndOfFile';
}

const WINDOW_BYTES = 256 * 1024;
/** One value that is kept may have so many. */
const MAX_TAKE_BYTES = 16 * 1024 * 1024;

export function readerOf(tree: FileTree, path: string, size: number): ByteReader {
  let position = 0;
  let start = 0;
  let window = new Uint8Array();
  const fill = async (length: number): Promise<Uint8Array> => {
    if (position < start || position + length > start + window.length) {
      start = position;
      window = new Uint8Array((await tree.bytes(path, position, Math.max(length, WINDOW_BYTES))) ?? []);
    }
    return window.subarray(position - start, position - start + length);
  };
  return {
    size,
    get position() {
      return position;
    },
    async take(length) {
      if (length < 0 || length > MAX_TAKE_BYTES) throw new EndOfFile(`a value of ${length} bytes`);
      const bytes = await fill(length);
      if (bytes.length < length) throw new EndOfFile('the file ends in the middle of a value');
      position += length;
      return bytes;
    },
    peek: fill,
    seek(to) {
      if (to < 0 || to > size) throw new EndOfFile('the file ends before what it announces');
      position = to;
    },
  };
}

/** The same over bytes in memory. */
export function readerOfBytes(bytes: Uint8Array): ByteReader {
  return readerOf(
    {
      files: [],
      complete: true,
      read: async () => undefined,
      bytes: async (_, start, length) => bytes.subarray(start, start + length),
    },
    '',
    bytes.length,
  );
}

/** Little-endian, unsigned. */
export async function takeNumber(reader: ByteReader, length: 1 | 2 | 4 | 8): Promise<number> {
  const bytes = await reader.take(length);
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** One character per byte, for searches in what is no text. */
export function latinOf(bytes: Uint8Array): string {
  // The decoder named latin1 is that of Windows-1252, which changes some.
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/**
 * What a compressed stream holds, at most `limit` bytes of it; fewer if it is broken.
 * @param format `deflate` is zlib's, `deflate-raw` the one of archives
 */
export async function inflate(
  bytes: Uint8Array,
  format: 'gzip' | 'deflate' | 'deflate-raw',
  limit: number,
): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream(format));
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of stream) {
      parts.push(part);
      length += part.length;
      if (length >= limit) break;
    }
  } catch {
    // What came before the fault counts.
  }
  const result = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result.subarray(0, limit);
}
