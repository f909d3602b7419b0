import { type ContextEntry, NO_XATTRS } from '#engine/builder/contexts/context-entry.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { decodeName, nameBytes } from '#lib/files/name.ts';
import {
  type Input,
  inputOf,
  isAtEnd,
  readBigVarint,
  readBytes,
  readString,
  readTag,
  readVarint,
  skipValue,
} from '#lib/protobuf/input.ts';
import { WIRE } from '#lib/protobuf/wire.ts';
import {
  createOutput,
  type Output,
  writeBigVarint,
  writeBytes,
  writeTag,
  writeVarint,
  writtenBytes,
} from '#lib/protobuf/output.ts';
import { isOverlayAttribute } from '#lib/tar/overlay-attributes.ts';
import { readFileMode, writeFileMode } from './file-mode.ts';

/** A message of the protocol in which files are sent (fsutil.types.Packet). */
export type Packet =
  /** An entry; none ends them. */
  | { type: 'stat'; entry: ContextEntry | undefined }
  /** Asks for the bytes of the entry with this number, counted from zero. */
  | { type: 'request'; id: number }
  /** Some of its bytes; none ends them. */
  | { type: 'data'; id: number; bytes: Uint8Array }
  /** All is there. */
  | { type: 'finish' }
  | { type: 'error'; message: string };

const TYPES = { stat: 0, request: 1, data: 2, finish: 3, error: 4 } as const;
const FIELDS = { type: 1, stat: 2, id: 3, data: 4 } as const;
const STAT = {
  path: 1,
  mode: 2,
  uid: 3,
  gid: 4,
  size: 5,
  modTime: 6,
  linkname: 7,
  devmajor: 8,
  devminor: 9,
  xattrs: 10,
} as const;
const UINT32_MAX = 0xffff_ffff;
const XATTRS_LIMIT = 256;
const EMPTY = new Uint8Array();

/** @throws {InvalidArgumentError} if the bytes are none. An entry that is no file, folder or link is `skipped`. */
export function readPacket(message: Uint8Array): Packet | 'skipped' {
  const input = inputOf(message);
  let type = 0;
  let id = 0;
  let stat: Uint8Array | undefined;
  let bytes: Uint8Array = EMPTY;
  while (!isAtEnd(input)) {
    const { field, wireType } = readTag(input);
    if (wireType === WIRE.varint && field === FIELDS.type) type = readVarint(input, true);
    else if (wireType === WIRE.varint && field === FIELDS.id) id = readVarint(input, false);
    else if (wireType === WIRE.bytes && field === FIELDS.stat) stat = readBytes(input);
    else if (wireType === WIRE.bytes && field === FIELDS.data) bytes = readBytes(input);
    else skipValue(input, { wireType, field });
  }
  switch (type) {
    case TYPES.stat:
      return readStatPacket(stat);
    case TYPES.request:
      return { type: 'request', id };
    case TYPES.data:
      return { type: 'data', id, bytes };
    case TYPES.finish:
      return { type: 'finish' };
    case TYPES.error:
      return { type: 'error', message: Buffer.from(bytes).toString('utf8') };
    default:
      throw new InvalidArgumentError(`malformed message: ${type} is no type of packet`);
  }
}

function readStatPacket(stat: Uint8Array | undefined): Packet | 'skipped' {
  if (stat === undefined) return { type: 'stat', entry: undefined };
  const entry = readStat(stat);
  return entry === undefined ? 'skipped' : { type: 'stat', entry };
}

/** fsutil.types.Stat; undefined for what no context keeps. */
function readStat(bytes: Uint8Array): ContextEntry | undefined {
  const input = inputOf(bytes);
  const raw: RawStat = { path: '', linkname: '', mode: 0, uid: 0, gid: 0, size: 0, mtimeNs: 0n, major: 0, minor: 0 };
  while (!isAtEnd(input)) {
    const { field, wireType } = readTag(input);
    if (wireType === WIRE.bytes) readStatBytes(input, field, raw);
    else if (wireType === WIRE.varint) readStatNumber(input, field, raw);
    else skipValue(input, { wireType, field });
  }
  const { kind, mode } = readFileMode(raw.mode);
  if (kind === undefined) return undefined;
  if (raw.size < 0) throw new InvalidArgumentError(`malformed message: a file has ${raw.size} bytes`);
  const isDevice = kind === 'character' || kind === 'block';
  return {
    path: raw.path,
    kind,
    mode: kind === 'symlink' ? 0o777 : mode,
    uid: raw.uid,
    gid: raw.gid,
    size: kind === 'file' ? raw.size : 0,
    mtimeNs: raw.mtimeNs,
    target: kind === 'file' || kind === 'symlink' ? raw.linkname : '',
    major: isDevice ? raw.major : 0,
    minor: isDevice ? raw.minor : 0,
    xattrs: raw.xattrs ?? NO_XATTRS,
  };
}

interface RawStat {
  path: string;
  linkname: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtimeNs: bigint;
  major: number;
  minor: number;
  xattrs?: Map<string, Buffer>;
}

function readStatBytes(input: Input, ...[field, raw]: [field: number, raw: RawStat]): void {
  const bytes = readBytes(input);
  if (field === STAT.path) raw.path = decodeName(bytes);
  else if (field === STAT.linkname) raw.linkname = decodeName(bytes);
  else if (field === STAT.xattrs) raw.xattrs = addXattr(raw.xattrs, bytes);
}

function readStatNumber(input: Input, ...[field, raw]: [field: number, raw: RawStat]): void {
  if (field === STAT.modTime) {
    raw.mtimeNs = BigInt.asIntN(64, readBigVarint(input));
    return;
  }
  const value = readVarint(input, field >= STAT.size);
  if (field < STAT.size && value > UINT32_MAX)
    throw new InvalidArgumentError(`malformed message: ${value} is no uint32`);
  if (field === STAT.mode) raw.mode = value;
  else if (field === STAT.uid) raw.uid = value;
  else if (field === STAT.gid) raw.gid = value;
  else if (field === STAT.size) raw.size = value;
  else if (field === STAT.devmajor) raw.major = value;
  else if (field === STAT.devminor) raw.minor = value;
}

/** An entry of a map: key 1, value 2. */
function addXattr(known: Map<string, Buffer> | undefined, bytes: Uint8Array): Map<string, Buffer> {
  const xattrs = known ?? new Map<string, Buffer>();
  const input = inputOf(bytes);
  let name = '';
  let value = Buffer.alloc(0);
  while (!isAtEnd(input)) {
    const { field, wireType } = readTag(input);
    if (wireType === WIRE.bytes && field === 1) name = readString(input);
    else if (wireType === WIRE.bytes && field === 2) value = Buffer.from(readBytes(input));
    else skipValue(input, { wireType, field });
  }
  if (xattrs.size >= XATTRS_LIMIT) throw new InvalidArgumentError(`a file has more than ${XATTRS_LIMIT} attributes`);
  if (!isOverlayAttribute(name)) xattrs.set(name, value);
  return xattrs;
}

/** A packet as it goes over the wire. */
export function writePacket(packet: Packet): Uint8Array {
  const output = createOutput();
  if (packet.type !== 'stat') putNumber(output, FIELDS.type, TYPES[packet.type]);
  if (packet.type === 'stat' && packet.entry !== undefined) {
    writeTag(output, { field: FIELDS.stat, wireType: WIRE.bytes });
    writeBytes(output, writeStat(packet.entry));
  }
  if (packet.type === 'request' || packet.type === 'data') putNumber(output, FIELDS.id, packet.id);
  const bytes = packet.type === 'data' ? packet.bytes : packet.type === 'error' ? Buffer.from(packet.message) : EMPTY;
  putBytes(output, FIELDS.data, bytes);
  return writtenBytes(output);
}

function writeStat({
  path,
  kind,
  mode,
  uid,
  gid,
  size,
  mtimeNs,
  target,
  major,
  minor,
  xattrs,
}: ContextEntry): Uint8Array {
  const output = createOutput();
  putBytes(output, STAT.path, nameBytes(path));
  putNumber(output, STAT.mode, writeFileMode(kind, mode));
  putNumber(output, STAT.uid, uid);
  putNumber(output, STAT.gid, gid);
  putNumber(output, STAT.size, size);
  if (mtimeNs !== 0n) {
    writeTag(output, { field: STAT.modTime, wireType: WIRE.varint });
    writeBigVarint(output, mtimeNs);
  }
  putBytes(output, STAT.linkname, nameBytes(target));
  putNumber(output, STAT.devmajor, major);
  putNumber(output, STAT.devminor, minor);
  for (const [name, value] of xattrs) {
    const pair = createOutput();
    putBytes(pair, 1, Buffer.from(name));
    putBytes(pair, 2, value);
    writeTag(output, { field: STAT.xattrs, wireType: WIRE.bytes });
    writeBytes(output, writtenBytes(pair));
  }
  return writtenBytes(output);
}

/** Zero is not written. */
function putNumber(output: Output, ...[field, value]: [field: number, value: number]): void {
  if (value === 0) return;
  writeTag(output, { field, wireType: WIRE.varint });
  writeVarint(output, value);
}

function putBytes(output: Output, ...[field, bytes]: [field: number, bytes: Uint8Array]): void {
  if (bytes.length === 0) return;
  writeTag(output, { field, wireType: WIRE.bytes });
  writeBytes(output, bytes);
}
