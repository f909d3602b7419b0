import { closeSync, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { DataLossError, RangeNotSatisfiableError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import { type PassingRead, startPassingRead } from '#linux/passing-read.ts';
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
  const fds: number[] = [];
  let ahead: ChunkRead | undefined;
  try {
    // At once, so that no file is replaced in between.
    for (const path of paths) fds.push(openPart(path));
    const passing = end - start < PASSING_BYTES ? [] : fds.map((fd) => startPassingRead(fd));
    for (const pieces of planChunks(extents, start, end + 1)) {
      const before = ahead;
      // One at a time: the kernel reads ahead only where reads follow each other.
      const bytes = await before?.bytes;
      ahead = { pieces, bytes: readChunk(pieces, fds) };
      ahead.bytes.catch(() => {}); // thrown when its turn comes
      if (before === undefined || bytes === undefined) continue;
      yield bytes;
      letPass(before.pieces, passing);
    }
    if (ahead !== undefined) yield await ahead.bytes;
  } finally {
    await ahead?.bytes.catch(() => {}); // no descriptor is closed under a read
    for (const fd of fds) closeSync(fd);
  }
}

function letPass(pieces: readonly Piece[], passing: readonly PassingRead[]): void {
  for (const { device, offset, length } of pieces) passing[device]?.reached(offset + length);
}

function openPart(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const failure = fileError(error, path);
    throw new DataLossError('the bytes of a layer cannot be read', { why: failure.message, cause: error });
  }
}

/** Chunks of the tar from `start` to before `end`, each as the pieces it is made of. */
function* planChunks(extents: readonly Extent[], start: number, end: number): Generator<Piece[]> {
  let pieces: Piece[] = [];
  let filled = 0;
  let at = 0;
  for (const extent of extents) {
    const from = Math.max(start, at) - at;
    const to = Math.min(end, at + extent.length) - at;
    at += extent.length;
    for (let done = from; done < to;) {
      const length = Math.min(to - done, CHUNK_BYTES - filled);
      pieces.push({ device: extent.device, offset: extent.offset + done, length, at: filled });
      done += length;
      filled += length;
      if (filled < CHUNK_BYTES) continue;
      yield pieces;
      pieces = [];
      filled = 0;
    }
    if (at >= end) break;
  }
  if (filled > 0) yield pieces;
}

async function readChunk(pieces: readonly Piece[], fds: readonly number[]): Promise<Buffer> {
  const last = pieces.at(-1);
  const chunk = Buffer.allocUnsafeSlow((last?.at ?? 0) + (last?.length ?? 0));
  const reads = await Promise.allSettled(pieces.map((piece) => readPiece(fds[piece.device] ?? -1, piece, chunk)));
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
