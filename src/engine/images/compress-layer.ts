import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, zstdCompress } from 'node:zlib';
import { CancelledError } from '#lib/errors.ts';
import { freeBuffer } from '#lib/free-buffer.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';

/** How a layer is sent. Equal tars give equal bytes, however they arrive. */
export interface Compression {
  kind: 'gzip' | 'zstd';
  /** 0 to 9 of gzip, 1 to 22 of zstd. */
  level: number;
}

/** What is sent where nobody says anything else: every client reads it. */
export const DEFAULT_COMPRESSION: Compression = { kind: 'gzip', level: 6 };

/** Of each a layer is cut into pieces that are compressed side by side; one piece does not depend on how many there are at a time. */
const PIECE_BYTES = { gzip: 1024 * 1024, zstd: 8 * 1024 * 1024 } as const;
const PIECES_AT_A_TIME = Math.min(4, availableParallelism() + 1);
const WINDOW_BYTES = 32 * 1024;

const deflate = promisify(deflateRaw);
const zstd = promisify(zstdCompress);

/**
 * Compresses a tar, whose pieces belong to it, on the threads of Node: gzip as one member whose pieces end at a byte (RFC 1951, 3.2.4), zstd as a row of frames.
 * @throws {CancelledError}
 */
export async function* compressLayer(
  tar: AsyncIterable<Uint8Array>,
  { kind, level }: Compression,
  { signal }: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Buffer> {
  const pieces = cut(tar, PIECE_BYTES[kind]);
  const run = kind === 'gzip' ? gzipPieces(pieces, level) : zstdPieces(pieces, level);
  for await (const bytes of run) {
    if (signal?.aborted === true)
      throw new CancelledError('compressing a layer was cancelled', { cause: signal.reason });
    yield bytes;
  }
}

/** The media type of a compressed layer, in the family of one that is given. */
export function compressedType(mediaType: string, kind: Compression['kind']): string {
  const isDocker = mediaType.startsWith('application/vnd.docker.');
  if (kind === 'zstd') return isDocker ? `${MEDIA_TYPES.dockerLayer}.zstd` : MEDIA_TYPES.ociLayerZstd;
  return isDocker ? MEDIA_TYPES.dockerLayerGzip : MEDIA_TYPES.ociLayerGzip;
}

const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** A last block with nothing in it. */
const DEFLATE_END = Buffer.from([3, 0]);

async function* gzipPieces(pieces: AsyncIterable<Buffer>, level: number): AsyncGenerator<Buffer> {
  let checksum = 0;
  let length = 0;
  let window: Buffer | undefined;
  yield GZIP_HEADER;
  yield* inOrder(pieces, (piece) => {
    checksum = crc32(piece, checksum);
    length += piece.length;
    // What a piece repeats of the one before it is found as well.
    const dictionary = window;
    window = Buffer.from(piece.subarray(-WINDOW_BYTES));
    const options = { level: isDense(piece) ? 0 : level, finishFlush: constants.Z_SYNC_FLUSH };
    return deflate(piece, dictionary === undefined ? options : { ...options, dictionary });
  });
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield Buffer.concat([DEFLATE_END, trailer]);
}

const SAMPLE_BYTES = 16 * 1024;
const SAMPLES = 4;
/** Of eight; what is compressed already has more. */
const DENSE_BITS = 7.95;

/** Whether there is nothing to be won by compressing a piece, such as one of an archive or a picture. It depends on the piece alone. */
function isDense(piece: Buffer): boolean {
  if (piece.length < SAMPLES * SAMPLE_BYTES) return false;
  const counts = new Uint32Array(256);
  for (let sample = 0; sample < SAMPLES; sample++) {
    const start = Math.floor(((piece.length - SAMPLE_BYTES) * sample) / (SAMPLES - 1));
    for (let at = start; at < start + SAMPLE_BYTES; at++) {
      const byte = piece[at] ?? 0;
      counts[byte] = (counts[byte] ?? 0) + 1;
    }
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / TOTAL) * Math.log2(count / TOTAL);
  return bits > DENSE_BITS;
}

const TOTAL = SAMPLES * SAMPLE_BYTES;

async function* zstdPieces(pieces: AsyncIterable<Buffer>, level: number): AsyncGenerator<Buffer> {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  yield* inOrder(pieces, (piece) => zstd(piece, { params }));
}

/** Works on a few pieces at a time and answers in their order. */
async function* inOrder(
  pieces: AsyncIterable<Buffer>,
  work: (piece: Buffer) => Promise<Buffer>,
): AsyncGenerator<Buffer> {
  const waiting: Promise<Buffer>[] = [];
  try {
    for await (const piece of pieces) {
      const done = work(piece).finally(() => freeBuffer(piece));
      done.catch(() => {});
      waiting.push(done);
      const first = waiting.length < PIECES_AT_A_TIME ? undefined : waiting.shift();
      if (first !== undefined) yield await first;
    }
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield await next;
  } finally {
    await Promise.allSettled(waiting);
  }
}

/** Pieces of one size, the last one shorter; at least one. */
async function* cut(source: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Buffer> {
  let piece = Buffer.allocUnsafeSlow(bytes);
  let filled = 0;
  let isEmpty = true;
  for await (const chunk of source) {
    const { length } = chunk;
    for (let at = 0; at < length;) {
      const taken = Math.min(length - at, bytes - filled);
      piece.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < bytes) continue;
      yield piece;
      isEmpty = false;
      piece = Buffer.allocUnsafeSlow(bytes);
      filled = 0;
    }
    freeBuffer(chunk);
  }
  if (filled > 0 || isEmpty) yield piece.subarray(0, filled);
}
