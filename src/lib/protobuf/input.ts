import { isUtf8 } from 'node:buffer';
import { InvalidArgumentError } from '#lib/errors.ts';
import { WIRE } from './wire.ts';

/** Bytes that are read one value after another; past the end is an error. */
export interface Input {
  readonly buffer: Buffer;
  at: number;
}

const VARINT_LIMIT_BYTES = 10;
const GROUPS_LIMIT = 64;
const LENGTH_LIMIT = 0x7fff_ffff;
const FIELD_LIMIT = 0x1fff_ffff;

export function inputOf(bytes: Uint8Array): Input {
  return { buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 };
}

export function isAtEnd({ buffer, at }: Input): boolean {
  return at >= buffer.length;
}

/** The error for bytes that are no message. */
export function broken(what: string): InvalidArgumentError {
  return new InvalidArgumentError(`malformed message: ${what}`, {
    why: 'its bytes are not what the protocol (protobuf) has',
  });
}

/** Where the next bytes begin. */
function take(input: Input, count: number): number {
  const { at, buffer } = input;
  const missing = count - (buffer.length - at);
  if (missing > 0) throw broken(`it ends ${missing} bytes too early`);
  input.at += count;
  return at;
}

function takeByte(input: Input): number {
  return input.buffer[take(input, 1)] ?? 0;
}

export function readTag(input: Input): { field: number; wireType: number } {
  const key = readVarint(input, false);
  const field = Math.floor(key / 8);
  if (field === 0 || field > FIELD_LIMIT) throw broken(`${field} is no number of a field`);
  return { field, wireType: key % 8 };
}

/** As a number; beyond 2^53 the nearest that is safe. */
export function readVarint(input: Input, isSigned: boolean): number {
  const start = input.at;
  let value = 0;
  let factor = 1;
  // Up to seven bytes fit a double; longer ones are rare.
  for (let index = 0; index < 7; index++) {
    const byte = takeByte(input);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 128;
  }
  input.at = start;
  const big = readBigVarint(input);
  return nearestSafe(isSigned ? BigInt.asIntN(64, big) : big);
}

export function readBigVarint(input: Input): bigint {
  // Of four bytes each, since operations on big numbers are slow.
  const parts = [0, 0, 0];
  for (let index = 0; index < VARINT_LIMIT_BYTES; index++) {
    const byte = takeByte(input);
    const part = index >> 2;
    parts[part] = (parts[part] ?? 0) | ((byte & 0x7f) << (7 * (index & 3)));
    if (byte >= 0x80) continue;
    const [low = 0, middle = 0, high = 0] = parts;
    return BigInt.asUintN(64, BigInt(low) | (BigInt(middle) << 28n) | (BigInt(high) << 56n));
  }
  throw broken('a number is longer than ten bytes');
}

/** Signed numbers that alternate: 0, -1, 1, -2, … */
export function readZigzag(input: Input): number {
  const value = readBigVarint(input);
  return nearestSafe((value >> 1n) ^ -(value & 1n));
}

export function readFixed(input: Input, type: 'fixed32' | 'fixed64' | 'float' | 'double'): number {
  const { buffer } = input;
  const start = take(input, type === 'fixed32' || type === 'float' ? 4 : 8);
  if (type === 'fixed32') return buffer.readUInt32LE(start);
  if (type === 'float') return buffer.readFloatLE(start);
  if (type === 'double') return buffer.readDoubleLE(start);
  return nearestSafe(buffer.readBigUInt64LE(start));
}

export function readString(input: Input): string {
  const raw = readBytes(input);
  const text = raw.toString('utf8');
  if (text.includes('\ufffd') && !isUtf8(raw)) throw broken('a text is not UTF-8');
  return text;
}

/** With its length before it. A view, not a copy. */
export function readBytes(input: Input): Buffer {
  const count = readLength(input);
  const start = take(input, count);
  return input.buffer.subarray(start, start + count);
}

function readLength(input: Input): number {
  const count = readVarint(input, false);
  if (count > LENGTH_LIMIT) throw broken('a length is beyond all limits');
  return count;
}

/** Over a value that nobody asks for. */
export function skipValue(input: Input, { wireType, field }: { wireType: number; field: number }): void {
  if (wireType === WIRE.varint) readBigVarint(input);
  else if (wireType === WIRE.fixed64) take(input, 8);
  else if (wireType === WIRE.bytes) take(input, readLength(input));
  else if (wireType === WIRE.fixed32) take(input, 4);
  else if (wireType === WIRE.groupStart) skipGroup(input, field);
  else throw broken(`${wireType} is no wire type`);
}

function skipGroup(input: Input, outer: number): void {
  const open = [outer];
  while (open.length > 0) {
    const { field, wireType } = readTag(input);
    if (wireType === WIRE.groupStart) open.push(field);
    else if (wireType !== WIRE.groupEnd) skipValue(input, { wireType, field });
    else if (open.pop() !== field) throw broken('a group ends that did not begin');
    if (open.length > GROUPS_LIMIT) throw broken('groups in groups');
  }
}

function nearestSafe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) return Number.MAX_SAFE_INTEGER;
  return value < BigInt(Number.MIN_SAFE_INTEGER) ? Number.MIN_SAFE_INTEGER : Number(value);
}
