import { readSync, writevSync } from 'node:fs';
import { DataLossError } from '#lib/errors.ts';
import { createDirectWriter } from './direct-writer.ts';
import { DATA_OFFSET, type Extent } from './format.ts';

const CHUNK_BYTES = 1024 * 1024;
/** Pieces that one writev(2) takes (IOV_MAX). */
const PIECES_LIMIT = 1024;

/**
 * The data region of a file that is being written, and the recipe that grows with it. Every byte of the tar has its place, whether it is written
 * or lies in a donor: what is not written is a hole. So the same layer has the same bytes at the same places however much of it is shared, and
 * layers that refer to it stay right when its file is replaced.
 */
export interface OwnRegion {
  /** Bytes of the tar written, or waiting for `flush`; what donors have does not count. */
  readonly bytes: number;
  readonly extents: readonly Extent[];
  /** Bytes that come next in the tar. Their memory must stay until `flush`, and `settle`. */
  append(piece: Buffer): void;
  /** What comes next in the tar lies in another file. */
  donate(extent: Extent): void;
  /** Bytes that come next in the tar are copied from another file, because only this much was equal. */
  copy(fd: number, offset: number, length: number): void;
  flush(): void;
  /**
   * To be called once after each chunk. Settles when only the last `left` chunks are still being written, beside the thread; the memory of the
   * others is free.
   */
  settle(left: number): Promise<void>;
}

/** The new, empty file. */
export interface RegionTarget {
  fd: number;
  /** The same file, opened to write around the page cache. */
  directFd?: number | undefined;
}

export function createOwnRegion({ fd, directFd }: RegionTarget): OwnRegion {
  const direct =
    directFd === undefined ? undefined : createDirectWriter(directFd, (piece, at) => writeAll(fd, [piece], at));
  const extents: Extent[] = [];
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  /** In the tar, of what is waiting. */
  let position = 0;
  let donatedBytes = 0;

  const flush = (): void => {
    if (waitingBytes === 0) return;
    const at = DATA_OFFSET + position;
    const [piece] = waiting;
    const isUnderWay = waiting.length === 1 && piece !== undefined && direct?.begin(piece, at) === true;
    if (!isUnderWay) writeAll(fd, waiting, at);
    position += waitingBytes;
    waiting = [];
    waitingBytes = 0;
  };
  const append = (piece: Buffer): void => {
    if (piece.length === 0) return;
    const last = extents.at(-1);
    if (last?.device === 0) last.length += piece.length;
    else extents.push({ length: piece.length, device: 0, offset: DATA_OFFSET + position + waitingBytes });
    waiting.push(piece);
    waitingBytes += piece.length;
    if (waiting.length === PIECES_LIMIT) flush();
  };
  return {
    get bytes() {
      return position + waitingBytes - donatedBytes;
    },
    extents,
    append,
    donate(extent) {
      flush();
      position += extent.length;
      donatedBytes += extent.length;
      extents.push(extent);
    },
    copy(from, offset, length) {
      eachPiece({ fd: from, offset, length }, (piece) => {
        append(piece);
        flush();
      });
    },
    flush,
    settle: async (left) => direct?.settle(left),
  };
}

/** Reads a part of a file piece by piece; the memory of a piece is used again for the next. @throws {DataLossError} if the file ends before */
export function eachPiece(
  { fd, offset, length }: { fd: number; offset: number; length: number },
  use: (piece: Buffer, at: number) => void,
): void {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, length));
  for (let done = 0; done < length;) {
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, length - done), offset + done);
    if (count === 0) throw new DataLossError('a layer file ends too early');
    use(buffer.subarray(0, count), done);
    done += count;
  }
}

/** Writes all of the pieces one after another, however few the kernel takes at a time. */
export function writeAll(fd: number, pieces: readonly Buffer[], offset: number): void {
  let rest = pieces;
  for (let at = offset; rest.length > 0;) {
    let count = writevSync(fd, rest, at);
    at += count;
    let index = 0;
    for (let piece = rest[0]; piece !== undefined && count >= piece.length; piece = rest[index]) {
      count -= piece.length;
      index += 1;
    }
    const [first, ...others] = rest.slice(index);
    rest = first === undefined ? [] : [first.subarray(count), ...others];
  }
}
