import { closeSync, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { DataLossError, RangeNotSatisfiableError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import { type PassingRead, startPassingRead } from '#linux/passing-read.ts';
import { type DirectRead, openDirectRead } from './direct-read.ts';
import type { Extent } from './format.ts';

/** Where a tar is put together from. */
export interface TarRecipe {
  tarBytes: number;
  extents: readonly Extent[];
  /** The layer's own file, then its donors', as the extents count them. */
  paths: readonly string[];
}

export interface TarRange {
  start?: number;
  /** Included. */
  end?: number;
}

const readLater = promisify(read);

const CHUNK_BYTES = 1024 * 1024;
/** Of what comes from the disk itself: every read waits for it. */
const DIRECT_CHUNK_BYTES = 4 * 1024 * 1024;
/** Such reads that are under way while one is used. */
const DIRECT_AHEAD = 3;
/** Less of a tar may well stay in memory. */
const PASSING_BYTES = 64 * 1024 * 1024;

/** Bytes of one extent, or of a part of it, that belong at `at` of a chunk. */
interface Piece {
  device: number;
  offset: number;
  length: number;
  at: number;
}

interface ChunkRead {
  pieces: readonly Piece[];
  bytes: Promise<Buffer>;
}

/**
 * The tar's bytes, gathered from the files they lie in; every chunk is memory of its own.
 * @throws {DataLossError} if a file is gone or too short; {RangeNotSatisfiableError}
 */
export async function* gatherTar(
  { tarBytes, extents, paths }: TarRecipe,
  { start = 0, end = tarBytes - 1 }: TarRange = {},
): AsyncGenerator<Buffer> {
  if (start < 0 || end >= tarBytes || start > end + 1)
    throw new RangeNotSatisfiableError(`bytes ${start} to ${end} of a layer of ${tarBytes}`);
  await using stack = new AsyncDisposableStack();
  // At once, so that no file is replaced in between.
  const parts = paths.map((path) => stack.use(openPart(path, end - start >= PASSING_BYTES)));
  const isDirect = parts.some(({ direct }) => direct !== undefined);
  const reads: ChunkRead[] = [];
  stack.defer(async () => void (await Promise.allSettled(reads.map(({ bytes }) => bytes)))); // no descriptor is closed under a read
  const chunkBytes = isDirect ? DIRECT_CHUNK_BYTES : CHUNK_BYTES;
  for (const pieces of planChunks(extents, { start, end: end + 1, chunkBytes })) {
    // One at a time through the page cache: the kernel reads ahead only where reads follow each other.
    if (!isDirect) await reads.at(-1)?.bytes;
    const bytes = readChunk(pieces, parts);
    bytes.catch(() => {}); // thrown when its turn comes
    reads.push({ pieces, bytes });
    if (reads.length > (isDirect ? DIRECT_AHEAD : 1)) yield* takeFirst(reads, parts);
  }
  while (reads.length > 0) yield* takeFirst(reads, parts);
}

async function* takeFirst(reads: ChunkRead[], parts: readonly Part[]): AsyncGenerator<Buffer> {
  const [first] = reads;
  if (first === undefined) return;
  yield await first.bytes;
  reads.shift();
  for (const { device, offset, length } of first.pieces) parts[device]?.passing?.reached(offset + length);
}

/** A file that bytes of the tar lie in. */
interface Part extends Disposable {
  fd: number;
  /** Of a large tar. */
  passing: PassingRead | undefined;
  /** Of a large tar that is not in memory: reading it there first would cost as much again. */
  direct: DirectRead | undefined;
}

function openPart(path: string, isLarge: boolean): Part {
  try {
    using stack = new DisposableStack();
    const fd = stack.adopt(openSync(path, 'r'), closeSync);
    const passing = isLarge ? startPassingRead(fd) : undefined;
    const direct = passing?.isCached === false ? stack.use(openDirectRead(path)) : undefined;
    const held = stack.move();
    return { fd, passing, direct, [Symbol.dispose]: () => held.dispose() };
  } catch (error) {
    const failure = fileError(error, path);
    throw new DataLossError('the bytes of a layer cannot be read', { why: failure.message, cause: error });
  }
}

/** Chunks of the tar from `start` to before `end`, each as the pieces it is made of. */
function* planChunks(
  extents: readonly Extent[],
  { start, end, chunkBytes }: { start: number; end: number; chunkBytes: number },
): Generator<Piece[]> {
  let pieces: Piece[] = [];
  let filled = 0;
  let at = 0;
  for (const extent of extents) {
    const from = Math.max(start, at) - at;
    const to = Math.min(end, at + extent.length) - at;
    at += extent.length;
    for (let done = from; done < to;) {
      const length = Math.min(to - done, chunkBytes - filled);
      pieces.push({ device: extent.device, offset: extent.offset + done, length, at: filled });
      done += length;
      filled += length;
      if (filled < chunkBytes) continue;
      yield pieces;
      pieces = [];
      filled = 0;
    }
    if (at >= end) break;
  }
  if (filled > 0) yield pieces;
}

async function readChunk(pieces: readonly Piece[], parts: readonly Part[]): Promise<Buffer> {
  const [first, ...others] = pieces;
  const direct =
    first === undefined || others.length > 0
      ? undefined
      : parts[first.device]?.direct?.read(first.offset, first.length);
  const whole = await direct;
  if (whole !== undefined && whole.length > 0) return whole;
  const last = pieces.at(-1);
  const chunk = Buffer.allocUnsafeSlow((last?.at ?? 0) + (last?.length ?? 0));
  const reads = await Promise.allSettled(pieces.map((piece) => readPiece(parts[piece.device]?.fd ?? -1, piece, chunk)));
  for (const result of reads) if (result.status === 'rejected') throw result.reason;
  return chunk;
}

async function readPiece(fd: number, { offset, length, at }: Piece, chunk: Buffer): Promise<void> {
  for (let done = 0; done < length;) {
    const { bytesRead } = await readLater(fd, chunk, at + done, length - done, offset + done);
    if (bytesRead === 0)
      throw new DataLossError('the bytes of a layer cannot be read', { why: 'a file ends too early' });
    done += bytesRead;
  }
}
