import { BerthError, InvalidArgumentError, TooLargeError } from '#lib/errors.ts';
import { decodeName } from '#lib/files/name.ts';
import { type Block, number, parseBlock } from './block.ts';
import { BLOCK, paddingOf, type SparseRegion, type TarHeader, type TarKind } from './header.ts';
import { parsePax, type PaxRecords, paxNumber, paxText, paxTime } from './pax.ts';
import {
  checkSparse,
  createSparseMapReader,
  gnuSparseRegions,
  paxSparseForm,
  paxSparseMap,
  type SparseMapReader,
} from './sparse.ts';

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
  '\0': 'file', '0': 'file', '7': 'file', S: 'file', '1': 'link', '2': 'symlink', '3': 'character', '4': 'block', '5': 'directory', '6': 'fifo',
}; // prettier-ignore

/** What the bytes now coming are. */
type State =
  | { at: 'header' }
  | { at: 'extension'; type: string; size: number; parts: Buffer[]; left: number }
  | { at: 'gnu-sparse'; header: TarHeader; stored: number; regions: SparseRegion[]; bytes: number }
  | { at: 'sparse-map'; header: TarHeader; stored: number; map: SparseMapReader }
  | { at: 'content' }
  | { at: 'padding'; left: number }
  | { at: 'ended' };

const AT_HEADER: State = { at: 'header' };
const AT_CONTENT: State = { at: 'content' };
const NO_RECORDS: PaxRecords = new Map();
const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

/**
 * Reads tar as it arrives: v7, ustar, star, PAX, GNU long names, base-256 numbers and sparse files. Where dialects leave room it decides
 * as Go's archive/tar does, by which other engines unpack, so that a layer is the same tree everywhere; that includes global PAX
 * headers: they are checked and count for nothing.
 * All methods throw {InvalidArgumentError} for what is broken and {TooLargeError} beyond the limits, naming the entry.
 */
export function createTarParser(sink: TarSink, limits: TarLimits = DEFAULT_TAR_LIMITS): TarParser {
  return new Parser(sink, limits);
}

/** Holds the half-read block between two pushes. */
class Parser implements TarParser {
  readonly #sink: TarSink;
  readonly #limits: TarLimits;
  #state: State = AT_HEADER;
  /** The block that is being read. */
  readonly #block = Buffer.from(new ArrayBuffer(BLOCK));
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes of the archive before those of the current step. */
  #position = 0;
  #entries = 0;
  #contentBytes = 0;
  #sawZeroBlock = false;
  #records: PaxRecords | undefined;
  #longName = '';
  #longLink = '';
  /** Whether a header came whose entry did not. */
  #isAwaiting = false;
  /** The entry that is being read, or was read last. */
  #name: string | undefined;
  #isInSink = false;
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
    for (let at = 0; at < bytes.length;) {
      const used = this.#namingStep(bytes, at);
      if (used === 0) {
        // A copy: the chunk's memory may be used again by whoever gave it.
        this.#pending = Buffer.from(bytes.subarray(at));
        return;
      }
      at += used;
      this.#position += used;
    }
  }

  finish(): void {
    const { at } = this.#state;
    const isBetween = at === 'ended' || (at === 'header' && this.#pending.length === 0 && !this.#isAwaiting);
    if (!isBetween && at !== 'padding')
      throw this.#named(
        new InvalidArgumentError('broken tar: it ends in the middle of an entry', {
          hint: 'the archive was cut off; make or send it again',
        }),
      );
    if (at !== 'ended' && this.#entries === 0 && !this.#sawZeroBlock)
      throw new InvalidArgumentError('broken tar: it is empty');
  }

  #namingStep(bytes: Buffer, at: number): number {
    try {
      return this.#step(bytes, at);
    } catch (error) {
      throw this.#isInSink ? error : this.#named(error);
    }
  }

  /** The error with the place where it happened, unless it says so itself. */
  #named(error: unknown): unknown {
    if (!(error instanceof BerthError) || this.#name === undefined || error.message.includes('"')) return error;
    const { message, why, hint } = error;
    const options = { cause: error, ...(why !== undefined && { why }), ...(hint !== undefined && { hint }) };
    const isBefore = this.#state.at === 'header' || this.#state.at === 'extension';
    const text = `${message}${isBefore ? ', after' : ':'} ${JSON.stringify(this.#name)}`;
    return error instanceof TooLargeError ? new TooLargeError(text, options) : new InvalidArgumentError(text, options);
  }

  /** @returns how many of the bytes from `at` on were used; 0 asks for more */
  #step(bytes: Buffer, at: number): number {
    const state = this.#state;
    const available = bytes.length - at;
    switch (state.at) {
      case 'content':
        return this.#content(bytes, at);
      case 'padding': {
        const used = Math.min(state.left, available);
        this.#state = used === state.left ? AT_HEADER : { at: 'padding', left: state.left - used };
        return used;
      }
      case 'extension':
        return this.#extension(state, bytes.subarray(at));
      case 'ended':
        return available;
      default: {
        if (available < BLOCK) return 0;
        bytes.copy(this.#block, 0, at, at + BLOCK);
        if (state.at === 'header') return this.#header(this.#block);
        return state.at === 'gnu-sparse' ? this.#gnuSparse(state, this.#block) : this.#sparseMap(state, this.#block);
      }
    }
  }

  #header(raw: Buffer): number {
    if (raw[0] === 0 && raw.every((byte) => byte === 0)) {
      this.#state = this.#sawZeroBlock ? { at: 'ended' } : AT_HEADER;
      this.#sawZeroBlock = true;
      return BLOCK;
    }
    if (this.#sawZeroBlock)
      throw new InvalidArgumentError('broken tar: a block of zeros is followed by something else');
    const block = parseBlock(raw);
    if (block.size < 0)
      throw new InvalidArgumentError(`broken tar: an entry has a negative size: ${JSON.stringify(block.name)}`);
    if ('xXgLK'.includes(block.type)) this.#beginExtension(block);
    else this.#begin(block, raw);
    return BLOCK;
  }

  #beginExtension({ type, size }: Block): void {
    this.#isAwaiting = type !== 'g';
    if (size > this.#limits.headerBytes)
      throw new TooLargeError(`tar: an extended header of ${size} bytes exceeds ${this.#limits.headerBytes}`);
    if (size === 0) this.#extend(type, Buffer.alloc(0));
    else this.#state = { at: 'extension', type, size, parts: [], left: size + paddingOf(size) };
  }

  #extension(state: State & { at: 'extension' }, bytes: Buffer): number {
    const part = bytes.subarray(0, state.left);
    // A copy: the chunk's memory may be used again by whoever gave it.
    state.parts.push(Buffer.from(part));
    state.left -= part.length;
    if (state.left > 0) return part.length;
    const whole = state.parts.length === 1 ? state.parts[0] : undefined;
    this.#extend(state.type, (whole ?? Buffer.concat(state.parts)).subarray(0, state.size));
    this.#state = AT_HEADER;
    return part.length;
  }

  #extend(type: string, content: Buffer): void {
    // Solaris wrote its PAX headers as X.
    if (type === 'x' || type === 'X') this.#records = parsePax(content);
    else if (type === 'g') {
      parsePax(content);
      this.#forgetExtensions();
    } else {
      const end = content.indexOf(0);
      const name = decodeName(end < 0 ? content : content.subarray(0, end));
      if (type === 'L') this.#longName = name;
      else this.#longLink = name;
    }
  }

  #forgetExtensions(): void {
    this.#records = undefined;
    this.#longName = this.#longLink = '';
    this.#isAwaiting = false;
  }

  #begin(block: Block, raw: Buffer): void {
    const records = this.#records ?? NO_RECORDS;
    this.#name = this.#longName || block.name;
    this.#state = AT_CONTENT;
    const header = headerOf(block, { records, longName: this.#longName, longLink: this.#longLink });
    const stored = storedBytes(header.kind, paxNumber(records, 'size') ?? block.size);
    this.#forgetExtensions();
    header.size = stored;
    this.#entries += 1;
    if (this.#entries > this.#limits.entries) throw new TooLargeError(`tar: more than ${this.#limits.entries} entries`);
    this.#name = header.name;
    const form = block.type === 'S' ? 'block' : paxSparseForm(records);
    if (form === undefined) this.#start(header, stored);
    else if (header.kind !== 'file') throw new InvalidArgumentError('broken tar: something else than a file is sparse');
    else if (form === 'block') this.#beginGnuSparse(header, stored, { block, raw });
    else this.#beginPaxSparse(header, stored, { form, records });
  }

  #beginGnuSparse(header: TarHeader, stored: number, { block, raw }: { block: Block; raw: Buffer }): void {
    // star has the same type with another layout.
    if (!block.isGnu) throw new InvalidArgumentError('broken tar: a sparse file is not of GNU form');
    const regions = gnuSparseRegions(raw, { offset: 386, count: 4 });
    header.size = number(raw, 483, 12);
    if (raw[482] === 0) this.#start({ ...header, sparse: regions }, stored);
    else this.#state = { at: 'gnu-sparse', header, stored, regions, bytes: 0 };
  }

  #beginPaxSparse(
    header: TarHeader,
    stored: number,
    { form, records }: { form: 'records' | 'content'; records: PaxRecords },
  ): void {
    this.#name = header.name = paxText(records, 'GNU.sparse.name') ?? header.name;
    header.size = paxNumber(records, 'GNU.sparse.size') ?? paxNumber(records, 'GNU.sparse.realsize') ?? stored;
    if (form === 'records') this.#start({ ...header, sparse: paxSparseMap(records) }, stored);
    else this.#state = { at: 'sparse-map', header, stored, map: createSparseMapReader(this.#limits.headerBytes) };
  }

  #gnuSparse(state: State & { at: 'gnu-sparse' }, raw: Buffer): number {
    state.regions.push(...gnuSparseRegions(raw, { offset: 0, count: 21 }));
    state.bytes += BLOCK;
    if (state.bytes > this.#limits.headerBytes)
      throw new TooLargeError(`tar: the map of a sparse file exceeds ${this.#limits.headerBytes} bytes`);
    if (raw[504] === 0) this.#start({ ...state.header, sparse: state.regions }, state.stored);
    return BLOCK;
  }

  #sparseMap(state: State & { at: 'sparse-map' }, block: Buffer): number {
    state.stored -= BLOCK;
    if (state.stored < 0) throw new InvalidArgumentError('broken tar: a sparse file has a broken map');
    const regions = state.map.push(block);
    if (regions !== undefined) this.#start({ ...state.header, sparse: regions }, state.stored);
    return BLOCK;
  }

  /** The current step's block is the last one before the content. */
  #start(header: TarHeader, stored: number): void {
    if (header.sparse !== undefined) checkSparse(header.sparse, header.size, stored);
    this.#contentBytes += header.size;
    if (this.#contentBytes > this.#limits.contentBytes)
      throw new TooLargeError(`tar: files of more than ${this.#limits.contentBytes} bytes`);
    this.#isInSink = true;
    this.#sink.entry(header, this.#position + BLOCK);
    this.#stored = this.#left = stored;
    this.#regions = header.sparse;
    this.#region = this.#offset = 0;
    this.#state = AT_CONTENT;
    if (stored === 0) this.#finishEntry();
    this.#isInSink = false;
  }

  #content(bytes: Buffer, at: number): number {
    const used = Math.min(this.#left, bytes.length - at);
    this.#isInSink = true;
    const piece = bytes.subarray(at, at + used);
    if (this.#regions === undefined) this.#sink.data(piece, this.#stored - this.#left);
    else this.#scatter(this.#regions, piece);
    this.#left -= used;
    if (this.#left === 0) this.#finishEntry();
    this.#isInSink = false;
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
    this.#state = left === 0 ? AT_HEADER : { at: 'padding', left };
  }
}

/** Only a file has content; the size field of a link or folder counts for nothing, whatever old programs wrote there. */
function storedBytes(kind: TarKind, size: number): number {
  if (kind !== 'file') return 0;
  if (size < 0) throw new InvalidArgumentError('broken tar: an entry has a negative size');
  return size;
}

function headerOf(
  block: Block,
  { records, longName, longLink }: { records: PaxRecords; longName: string; longLink: string },
): TarHeader {
  const name = longName || (paxText(records, 'path') ?? block.name);
  return {
    name,
    kind: kindOf(block.type, name),
    linkName: longLink || (paxText(records, 'linkpath') ?? block.linkName),
    mode: block.mode,
    uid: paxNumber(records, 'uid') ?? block.uid,
    gid: paxNumber(records, 'gid') ?? block.gid,
    userName: paxText(records, 'uname') ?? block.userName,
    groupName: paxText(records, 'gname') ?? block.groupName,
    size: 0,
    mtimeNs: paxTime(records, 'mtime') ?? block.mtimeSeconds * 1_000_000_000n,
    major: block.major,
    minor: block.minor,
    xattrs: xattrsOf(records),
  };
}

function xattrsOf(records: PaxRecords): ReadonlyMap<string, Buffer> {
  let xattrs: Map<string, Buffer> | undefined;
  for (const [key, value] of records) {
    if (!key.startsWith('SCHILY.xattr.')) continue;
    xattrs ??= new Map();
    xattrs.set(key.slice('SCHILY.xattr.'.length), value);
  }
  return xattrs ?? NO_XATTRS;
}

function kindOf(type: string, name: string): TarKind {
  const kind = KINDS[type];
  if (kind === undefined)
    throw new InvalidArgumentError(`tar: entry ${JSON.stringify(name)} has the unknown type ${JSON.stringify(type)}`);
  // Archives from before entries had a type mark folders with a slash.
  return type === '\0' && name.endsWith('/') ? 'directory' : kind;
}
