import { createLayerTree } from '#lib/erofs/create-layer-tree.ts';
import type { NodeId } from '#lib/erofs/layer-tree.ts';
import { BLOCK, type TarHeader } from '#lib/tar/header.ts';
import { createTarParser } from '#lib/tar/parser.ts';
import { createDeviceTable } from './device-table.ts';
import { finishLayer, type SparseFile, type WrittenLayer } from './finish-layer.ts';
import { DATA_OFFSET, type Extent } from './format.ts';
import type { Match, Matcher } from './matcher.ts';
import { createOwnRegion, type RegionTarget } from './own-region.ts';

/** Writes one layer's file as its tar comes: everything but the first page, which holds the digest and is written when that is known. */
export interface LayerWriter {
  /** @throws {InvalidArgumentError} naming the entry; {TooLargeError} */
  push(chunk: Buffer): void;
  /**
   * Settles when no more than the last `left` chunks are still being written: the memory of the others may be used again. At once for a file that
   * is not written directly. To be called with 0 before `finish`, and before the file is closed.
   */
  settle(left: number): Promise<void>;
  /** @throws {InvalidArgumentError} if the tar breaks off */
  finish(): WrittenLayer;
}

/** Smaller content is not worth a comparison, and cannot leave a whole block out. */
const LEAST_MATCH_BYTES = 4096;

/** The file whose content is being compared in place of being written. */
interface Comparison {
  match: Match;
  node: NodeId;
  /** Of the content. */
  bytes: number;
  /** So many of them were equal up to now. */
  equalBytes: number;
  /** What is behind the last whole block. */
  tail: Buffer;
}

/** Content that lies in a donor, up to its last whole block; whether the rest of the block does depends on the padding that comes next. */
interface SharedTail {
  extent: Extent;
  tail: Buffer;
  /** Bytes up to the end of the block. */
  padding: number;
  /** So many of them came, all zeros, as they are in the donor. */
  zeros: number;
}

export function createLayerWriter(target: RegionTarget, matcher?: Matcher): LayerWriter {
  return new Writer(target, matcher);
}

/** Holds what is under way between two chunks. */
class Writer implements LayerWriter {
  readonly #fd: number;
  readonly #matcher: Matcher | undefined;
  readonly #tree = createLayerTree();
  readonly #region;
  readonly #devices;
  readonly #sparse: SparseFile[] = [];
  readonly #parser;
  #tarBytes = 0;
  #chunk: Buffer = Buffer.alloc(0);
  /** Where in the tar the bytes begin that were not yet given to the region. */
  #from = 0;
  #contentAt = 0;
  #comparison: Comparison | undefined;
  #sharedTail: SharedTail | undefined;

  constructor(target: RegionTarget, matcher: Matcher | undefined) {
    this.#fd = target.fd;
    this.#matcher = matcher;
    this.#region = createOwnRegion(target);
    this.#devices = createDeviceTable(matcher?.donors ?? []);
    this.#parser = createTarParser({
      entry: (header, contentAt) => this.#entry(header, contentAt),
      data: (piece, offset) => this.#data(piece, offset),
      end: () => this.#end(),
    });
  }

  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#parser.push(chunk);
    if (this.#comparison === undefined) this.#keepUpTo(this.#tarBytes + chunk.length);
    this.#tarBytes += chunk.length;
    this.#region.flush();
  }

  settle(left: number): Promise<void> {
    return this.#region.settle(left);
  }

  finish(): WrittenLayer {
    this.#parser.finish();
    if (this.#sharedTail !== undefined) this.#keepTail(this.#sharedTail);
    this.#region.flush();
    return finishLayer(
      { fd: this.#fd, tree: this.#tree, region: this.#region, devices: this.#devices },
      { tarBytes: this.#tarBytes, sparse: this.#sparse },
    );
  }

  #entry(header: TarHeader, contentAt: number): void {
    const node = this.#tree.add(header);
    this.#contentAt = contentAt;
    if (node === undefined || header.size === 0) return;
    if (header.sparse !== undefined) {
      this.#sparse.push({
        name: header.name,
        node,
        bytes: header.size,
        regions: header.sparse,
        storedAt: this.#ownOffset(contentAt),
      });
      return;
    }
    const match = header.size < LEAST_MATCH_BYTES ? undefined : this.#matcher?.begin(header.name, header.size);
    if (match === undefined) {
      this.#tree.place(node, this.#ownOffset(contentAt) / BLOCK);
      return;
    }
    this.#keepUpTo(contentAt);
    const tail = Buffer.allocUnsafe(header.size % BLOCK);
    this.#comparison = { match, node, bytes: header.size, equalBytes: 0, tail };
  }

  #data(piece: Buffer, offset: number): void {
    const comparison = this.#comparison;
    if (comparison === undefined) return;
    if (!comparison.match.compare(piece)) {
      this.#giveUp(comparison);
      return;
    }
    comparison.equalBytes += piece.length;
    const tailFrom = comparison.bytes - comparison.tail.length;
    if (offset + piece.length > tailFrom)
      piece.copy(comparison.tail, Math.max(0, offset - tailFrom), Math.max(0, tailFrom - offset));
  }

  /** The content is not the donor's: what was equal so far is copied, the rest comes as usual. */
  #giveUp({ match, node, equalBytes }: Comparison): void {
    this.#comparison = undefined;
    this.#tree.place(node, this.#ownOffset(this.#contentAt) / BLOCK);
    this.#region.flush();
    if (equalBytes > 0) this.#region.copy(match.fd, match.offset, equalBytes);
    this.#from = this.#contentAt + equalBytes;
  }

  #end(): void {
    const comparison = this.#comparison;
    if (comparison === undefined) return;
    const { match, node, bytes, tail } = comparison;
    const { donor, offset } = match;
    const address = this.#devices.addressOf(donor, offset);
    if (address === undefined) {
      this.#giveUp(comparison);
      return;
    }
    this.#comparison = undefined;
    this.#tree.place(node, address);
    this.#from = this.#contentAt + bytes;
    const extent: Extent = { length: bytes - tail.length, device: donor + 1, offset };
    if (tail.length === 0) this.#region.donate(extent);
    else this.#sharedTail = { extent, tail, padding: BLOCK - tail.length, zeros: 0 };
  }

  /** @returns what is not padding */
  #takePadding(shared: SharedTail, piece: Buffer): Buffer {
    const { extent, tail, padding, zeros } = shared;
    const part = piece.subarray(0, padding - zeros);
    if (part.some((byte) => byte !== 0)) {
      this.#keepTail(shared);
      return piece;
    }
    shared.zeros += part.length;
    if (shared.zeros === padding) {
      this.#sharedTail = undefined;
      this.#region.donate({ ...extent, length: extent.length + tail.length + padding });
    }
    return piece.subarray(part.length);
  }

  /** The block ends otherwise than the donor's, or not at all. */
  #keepTail({ extent, tail, zeros }: SharedTail): void {
    this.#sharedTail = undefined;
    this.#region.donate(extent);
    this.#region.append(Buffer.concat([tail, Buffer.alloc(zeros)]));
  }

  /** Gives the region what the chunk holds up to there; what came in chunks before was given already. */
  #keepUpTo(end: number): void {
    let piece = this.#chunk.subarray(this.#from - this.#tarBytes, end - this.#tarBytes);
    this.#from = end;
    if (this.#sharedTail !== undefined) piece = this.#takePadding(this.#sharedTail, piece);
    this.#region.append(piece);
  }

  /** Where in the file a place of the tar is, or will be, that lies in this file. */
  #ownOffset(tarOffset: number): number {
    return DATA_OFFSET + tarOffset;
  }
}
