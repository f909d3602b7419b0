import { InvalidArgumentError, TooLargeError } from '#lib/errors.ts';
import { decodeName } from '#lib/files/name.ts';
import { type Block, parseBlock } from './block.ts';
import { BLOCK, paddingOf, type SparseRegion, type TarHeader, type TarKind } from './header.ts';
import { parsePax, type PaxRecords, paxNumber, paxText, paxTime } from './pax.ts';
import { checkSparse, gnuSparseRegions, leadingSparseMap, paxSparseMap, SPARSE_REGIONS_LIMIT } from './sparse.ts';

/** What a parser tells, in the order of the archive. */
export interface TarSink {
  /** `contentAt` is where the entry's stored content begins in the archive, bytes; that of a sparse file lies there without its holes. */
  entry(header: TarHeader, contentAt: number): void;
  /** A piece of the current entry's content that belongs at `offset` of the file; valid during the call only if the source reuses its chunks. */
  data(chunk: Buffer, offset: number): void;
  /** The current entry is complete. */
  end(): void;
}

export interface TarLimits {
  /** Entries of the archive. */
  entries: number;
  /** Bytes of one extended header (long names, attributes). */
  headerBytes: number;
  /** Bytes of all files, holes included. */
  contentBytes: number;
}

export const DEFAULT_TAR_LIMITS: TarLimits = { entries: 5_000_000, headerBytes: 1024 * 1024, contentBytes: 2 ** 42 };

export interface TarParser {
  push(chunk: Uint8Array): void;
  /** @throws {InvalidArgumentError} if the archive stops in the middle of an entry */
  finish(): void;
}

const KINDS: Readonly<Record<string, TarKind>> = {
  '0': 'file', '7': 'file', S: 'file', '1': 'link', '2': 'symlink', '3': 'character', '4': 'block', '5': 'directory', '6': 'fifo',
}; // prettier-ignore

/** What the bytes now coming are. */
type State =
  | { at: 'header' }
  | { at: 'extension'; type: string; size: number }
  | { at: 'gnu-sparse'; header: TarHeader; stored: number; regions: SparseRegion[] }
  | { at: 'sparse-map'; header: TarHeader; stored: number }
  | { at: 'content' }
  | { at: 'padding'; left: number }
  | { at: 'ended' };

/**
 * Reads tar as it arrives: v7, ustar, PAX (also global headers), GNU long names, base-256 numbers and sparse files.
 * All methods throw {InvalidArgumentError} for what is broken and {TooLargeError} beyond the limits.
 */
export function createTarParser(sink: TarSink, limits: TarLimits = DEFAULT_TAR_LIMITS): TarParser {
  return new Parser(sink, limits);
}

/** Holds the half-read block between two pushes. */
class Parser implements TarParser {
  readonly #sink: TarSink;
  readonly #limits: TarLimits;
  #state: State = { at: 'header' };
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes of the archive before those of the current step. */
  #position = 0;
  #entries = 0;
  #contentBytes = 0;
  #sawZeroBlock = false;
  readonly #global: PaxRecords = new Map();
  #local: PaxRecords = new Map();
  #longName: string | undefined;
  #longLink: string | undefined;
  /** Of the entry whose content is coming. */
  #stored = 0;
  #left = 0;
  #regions: readonly SparseRegion[] | undefined;
  #region = 0;
  #offset = 0;

  constructor(sink: TarSink, limits: TarLimits) {
    this.#sink = sink;
    this.#limits = limits;
  }

  push(chunk: Uint8Array): void {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#pending.length > 0) {
      bytes = Buffer.concat([this.#pending, bytes]);
      this.#pending = Buffer.alloc(0);
    }
    while (bytes.length > 0) {
      const used = this.#step(bytes);
      if (used === 0) {
        // A copy: the chunk's memory may be used again by whoever gave it.
        this.#pending = Buffer.from(bytes);
        return;
      }
      bytes = bytes.subarray(used);
      this.#position += used;
    }
  }

  finish(): void {
    const { at } = this.#state;
    const isBetween = at === 'ended' || (at === 'header' && this.#pending.length === 0 && this.#local.size === 0);
    if (!isBetween && !(at === 'padding'))
      throw new InvalidArgumentError('broken tar: it ends in the middle of an entry', {
        hint: 'the archive was cut off; make or send it again',
      });
    if (at !== 'ended' && this.#entries === 0 && !this.#sawZeroBlock)
      throw new InvalidArgumentError('broken tar: it is empty');
  }

  /** @returns how many bytes were used; 0 asks for more */
  #step(bytes: Buffer): number {
    const state = this.#state;
    switch (state.at) {
      case 'header':
        return bytes.length < BLOCK ? 0 : this.#header(bytes.subarray(0, BLOCK));
      case 'extension': {
        const whole = state.size + paddingOf(state.size);
        if (bytes.length < whole) return 0;
        this.#state = { at: 'header' };
        this.#extension(state.type, bytes.subarray(0, state.size));
        return whole;
      }
      case 'gnu-sparse':
        return bytes.length < BLOCK ? 0 : this.#gnuSparse(state, bytes.subarray(0, BLOCK));
      case 'sparse-map':
        return this.#sparseMap(state, bytes);
      case 'content':
        return this.#content(bytes);
      case 'padding': {
        const used = Math.min(state.left, bytes.length);
        this.#state = used === state.left ? { at: 'header' } : { at: 'padding', left: state.left - used };
        return used;
      }
      default: // bytes after the end of the archive
        return bytes.length;
    }
  }

  #header(raw: Buffer): number {
    if (raw[0] === 0 && raw.every((byte) => byte === 0)) {
      this.#state = this.#sawZeroBlock ? { at: 'ended' } : { at: 'header' };
      this.#sawZeroBlock = true;
      return BLOCK;
    }
    if (this.#sawZeroBlock) {
      this.#state = { at: 'ended' };
      return BLOCK;
    }
    const block = parseBlock(raw);
    if (block.size < 0) throw new InvalidArgumentError('broken tar: an entry has a negative size');
    if ('xgLK'.includes(block.type)) {
      if (block.size > this.#limits.headerBytes)
        throw new TooLargeError(`tar: an extended header of ${block.size} bytes exceeds ${this.#limits.headerBytes}`);
      if (block.size === 0) this.#extension(block.type, Buffer.alloc(0));
      else this.#state = { at: 'extension', type: block.type, size: block.size };
      return BLOCK;
    }
    this.#begin(block, raw);
    return BLOCK;
  }

  #extension(type: string, content: Buffer): void {
    if (type === 'x') parsePax(content, this.#local);
    else if (type === 'g') parsePax(content, this.#global);
    else {
      const end = content.indexOf(0);
      const name = decodeName(Buffer.from(end < 0 ? content : content.subarray(0, end)));
      if (type === 'L') this.#longName = name;
      else this.#longLink = name;
    }
  }

  #begin(block: Block, raw: Buffer): void {
    const records = new Map([...this.#global, ...this.#local]);
    const header = headerOf(block, { records, longName: this.#longName, longLink: this.#longLink });
    const stored = storedBytes(header.kind, paxNumber(records, 'size') ?? block.size);
    this.#local = new Map();
    this.#longName = this.#longLink = undefined;
    header.size = paxNumber(records, 'GNU.sparse.realsize') ?? paxNumber(records, 'GNU.sparse.size') ?? stored;
    this.#entries += 1;
    if (this.#entries > this.#limits.entries) throw new TooLargeError(`tar: more than ${this.#limits.entries} entries`);
    if (header.kind !== 'file') {
      this.#start(header, stored);
      return;
    }
    const map = paxSparseMap(records);
    if (block.type === 'S') this.#beginGnuSparse(header, stored, raw);
    else if (map !== undefined) this.#start({ ...header, sparse: map }, stored);
    else if (paxText(records, 'GNU.sparse.major') === '1') this.#state = { at: 'sparse-map', header, stored };
    else this.#start(header, stored);
  }

  #beginGnuSparse(header: TarHeader, stored: number, raw: Buffer): void {
    const regions = gnuSparseRegions(raw, { offset: 386, count: 4 });
    header.size = Number(BigInt(`0o${raw.toString('latin1', 483, 495).replace(/[\0 ].*$/s, '') || '0'}`));
    if ((raw[483] ?? 0) >= 0x80) header.size = raw.readUIntBE(489, 6);
    if (raw[482] === 0) this.#start({ ...header, sparse: regions }, stored);
    else this.#state = { at: 'gnu-sparse', header, stored, regions };
  }

  #gnuSparse(state: State & { at: 'gnu-sparse' }, raw: Buffer): number {
    state.regions.push(...gnuSparseRegions(raw, { offset: 0, count: 21 }));
    if (state.regions.length > SPARSE_REGIONS_LIMIT) throw new TooLargeError('tar: too many regions in a sparse file');
    if (raw[504] === 0) this.#start({ ...state.header, sparse: state.regions }, state.stored);
    return BLOCK;
  }

  #sparseMap({ header, stored }: State & { at: 'sparse-map' }, bytes: Buffer): number {
    const map = leadingSparseMap(bytes.subarray(0, stored));
    if (map === undefined) {
      if (bytes.length >= Math.min(stored, this.#limits.headerBytes * 16))
        throw new InvalidArgumentError('broken tar: a sparse file has a broken map');
      return 0;
    }
    this.#start({ ...header, sparse: map.regions }, stored - map.length, map.length);
    return map.length;
  }

  /** `used` are the bytes of the current step, which come before the content. */
  #start(header: TarHeader, stored: number, used = BLOCK): void {
    if (header.sparse !== undefined) checkSparse(header.sparse, header.size, stored);
    this.#contentBytes += header.size;
    if (this.#contentBytes > this.#limits.contentBytes)
      throw new TooLargeError(`tar: files of more than ${this.#limits.contentBytes} bytes`);
    this.#sink.entry(header, this.#position + used);
    this.#stored = this.#left = stored;
    this.#regions = header.sparse;
    this.#region = this.#offset = 0;
    this.#state = { at: 'content' };
    if (stored === 0) this.#finishEntry();
  }

  #content(bytes: Buffer): number {
    const used = Math.min(this.#left, bytes.length);
    if (this.#regions === undefined) this.#sink.data(bytes.subarray(0, used), this.#stored - this.#left);
    else this.#scatter(this.#regions, bytes.subarray(0, used));
    this.#left -= used;
    if (this.#left === 0) this.#finishEntry();
    return used;
  }

  #scatter(regions: readonly SparseRegion[], bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0;) {
      const region = regions[this.#region];
      if (region === undefined)
        throw new InvalidArgumentError('broken tar: a sparse file has another size than its map');
      const piece = rest.subarray(0, region.length - this.#offset);
      if (piece.length > 0) this.#sink.data(piece, region.offset + this.#offset);
      rest = rest.subarray(piece.length);
      this.#offset += piece.length;
      if (this.#offset === region.length) [this.#region, this.#offset] = [this.#region + 1, 0];
    }
  }

  #finishEntry(): void {
    this.#sink.end();
    const left = paddingOf(this.#stored);
    this.#state = left === 0 ? { at: 'header' } : { at: 'padding', left };
  }
}

/** Only a file has content; the size field of a link or folder counts for nothing, whatever old programs wrote there. */
function storedBytes(kind: TarKind, size: number): number {
  return kind === 'file' ? size : 0;
}

function headerOf(
  block: Block,
  { records, longName, longLink }: { records: PaxRecords; longName: string | undefined; longLink: string | undefined },
): TarHeader {
  const name = paxText(records, 'GNU.sparse.name') ?? paxText(records, 'path') ?? longName ?? block.name;
  const kind = KINDS[block.type];
  if (kind === undefined)
    throw new InvalidArgumentError(
      `tar: entry ${JSON.stringify(name)} has the unknown type ${JSON.stringify(block.type)}`,
    );
  const xattrs = new Map<string, Buffer>();
  for (const [key, value] of records)
    if (key.startsWith('SCHILY.xattr.')) xattrs.set(key.slice('SCHILY.xattr.'.length), value);
  return {
    name,
    // Archives from before directories had a type mark them with a slash.
    kind: kind === 'file' && name.endsWith('/') ? 'directory' : kind,
    linkName: paxText(records, 'linkpath') ?? longLink ?? block.linkName,
    mode: block.mode,
    uid: paxNumber(records, 'uid') ?? block.uid,
    gid: paxNumber(records, 'gid') ?? block.gid,
    userName: paxText(records, 'uname') ?? block.userName,
    groupName: paxText(records, 'gname') ?? block.groupName,
    size: 0,
    mtimeNs: paxTime(records, 'mtime') ?? block.mtimeSeconds * 1_000_000_000n,
    major: block.major,
    minor: block.minor,
    xattrs,
  };
}
