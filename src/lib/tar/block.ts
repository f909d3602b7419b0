import { InvalidArgumentError } from '#lib/errors.ts';
import { decodeName } from '#lib/files/name.ts';
import { BLOCK } from './header.ts';

/** The fields of one 512-byte header block, before extensions are applied. */
export interface Block {
  name: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtimeSeconds: bigint;
  /** A zero byte, as programs wrote it before files had a type, stays `\0`. */
  type: string;
  linkName: string;
  userName: string;
  groupName: string;
  major: number;
  minor: number;
  isGnu: boolean;
}

type Dialect = 'v7' | 'ustar' | 'star' | 'gnu';

/** @throws {InvalidArgumentError} naming the entry, if the checksum or a number is wrong */
export function parseBlock(block: Buffer): Block {
  verifyChecksum(block);
  try {
    return fieldsOf(block);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}: ${JSON.stringify(text(block, 0, 100))}`);
  }
}

function fieldsOf(block: Buffer): Block {
  const dialect = dialectOf(block);
  const hasOwners = dialect !== 'v7';
  const name = text(block, 0, 100);
  const prefix = prefixOf(block, dialect);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: isBinary(block, 100) ? Number(bigNumber(block, 100, 8) & 0o7777n) : octal(block, 100, 8) % 0o10000,
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size: number(block, 124, 12),
    mtimeSeconds: bigNumber(block, 136, 12),
    type: String.fromCharCode(block[156] ?? 0),
    linkName: text(block, 157, 100),
    userName: hasOwners ? text(block, 265, 32) : '',
    groupName: hasOwners ? text(block, 297, 32) : '',
    major: hasOwners ? number(block, 329, 8) : 0,
    minor: hasOwners ? number(block, 337, 8) : 0,
    isGnu: dialect === 'gnu',
  };
}

function dialectOf(block: Buffer): Dialect {
  const magic = block.toString('latin1', 257, 263);
  if (magic === 'ustar\0') return block.toString('latin1', 508, 512) === 'tar\0' ? 'star' : 'ustar';
  return magic === 'ustar ' && block[263] === 0x20 && block[264] === 0 ? 'gnu' : 'v7';
}

/** The folders of a long name. GNU has times where the others have them, but Go's writer before 1.8 put them there all the same. */
function prefixOf(block: Buffer, dialect: Dialect): string {
  if (dialect === 'v7') return '';
  if (dialect === 'ustar') return text(block, 345, 155);
  if (dialect === 'star') {
    for (const at of [476, 488]) bigNumber(block, at, 12);
    return text(block, 345, 131);
  }
  if ([345, 357].every((at) => block[at] === 0 || isNumber(block, at, 12))) return '';
  const prefix = block.subarray(345, 500);
  const end = prefix.indexOf(0);
  const bytes = end < 0 ? prefix : prefix.subarray(0, end);
  return bytes.every((byte) => byte < 0x80) ? bytes.toString('latin1') : '';
}

function isNumber(block: Buffer, offset: number, length: number): boolean {
  try {
    bigNumber(block, offset, length);
    return true;
  } catch {
    return false;
  }
}

/** Text up to the first zero byte. */
export function text(block: Buffer, offset: number, length: number): string {
  let end = offset;
  for (let byte = block[end]; end < offset + length && byte !== 0; byte = block[++end])
    if ((byte ?? 0) >= 0x80) return otherText(block.subarray(offset, offset + length));
  return end === offset ? '' : block.toString('latin1', offset, end);
}

/** Text that is not plain ASCII. */
function otherText(field: Buffer): string {
  const end = field.indexOf(0);
  return decodeName(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits, or a binary number when the first bit is set (GNU base-256). */
export function number(block: Buffer, offset: number, length: number): number {
  if (!isBinary(block, offset)) return octal(block, offset, length);
  const value = base256(block.subarray(offset, offset + length));
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
    throw new InvalidArgumentError('broken tar: a number in a header is out of range');
  return Number(value);
}

function bigNumber(block: Buffer, offset: number, length: number): bigint {
  return isBinary(block, offset)
    ? base256(block.subarray(offset, offset + length))
    : BigInt(octal(block, offset, length));
}

function isBinary(block: Buffer, offset: number): boolean {
  return ((block[offset] ?? 0) & 0x80) !== 0;
}

const ZERO = 0x30;
const SPACE = 0x20;

/** Filled up with spaces or zero bytes on either side; nothing is zero. At most twelve digits, so that a number holds them. */
function octal(block: Buffer, offset: number, length: number): number {
  let at = offset;
  const end = offset + length;
  while (at < end && isFiller(block[at])) at += 1;
  let value = 0;
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  // Behind a zero byte anything may stand, behind a space only fillers.
  if (at < end && block[at] !== 0)
    for (; at < end; at++)
      if (!isFiller(block[at])) throw new InvalidArgumentError('broken tar: a number in a header is not octal');
  return value;
}

function isFiller(byte: number | undefined): boolean {
  return byte === 0 || byte === SPACE;
}

/** Two's complement behind the first bit. */
function base256(field: Buffer): bigint {
  const bits = field.length * 8 - 1;
  const value = BigInt.asIntN(bits, BigInt(`0x${field.toString('hex')}`));
  if (BigInt.asIntN(64, value) !== value)
    throw new InvalidArgumentError('broken tar: a number in a header is out of range');
  return value;
}

/** The sum is kept over unsigned bytes; some old programs summed signed ones. */
function verifyChecksum(block: Buffer): void {
  const expected = checksumField(block);
  if (expected < 0 || (expected !== unsignedSum(block) && expected !== signedSum(block)))
    throw new InvalidArgumentError('broken tar: a header has a wrong checksum', {
      hint: 'the file is damaged or is no tar archive',
    });
}

/** Bytes, with the sum's own field as spaces. Four at a time: two sums of sixteen bits, which 512 bytes cannot overflow. */
function unsignedSum(block: Buffer): number {
  const words =
    block.byteOffset % 4 === 0
      ? new Uint32Array(block.buffer, block.byteOffset, BLOCK / 4)
      : new Uint32Array(Uint8Array.from(block).buffer);
  let sums = 0;
  for (let at = 0; at < BLOCK / 4; at++) {
    const word = words[at] ?? 0;
    sums += (word & 0x00ff00ff) + ((word >>> 8) & 0x00ff00ff);
  }
  let sum = (sums & 0xffff) + (sums >>> 16);
  for (let at = 148; at < 156; at++) sum += SPACE - (block[at] ?? 0);
  return sum;
}

function signedSum(block: Buffer): number {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) {
    const byte = at >= 148 && at < 156 ? SPACE : (block[at] ?? 0);
    sum += byte > 127 ? byte - 256 : byte;
  }
  return sum;
}

function checksumField(block: Buffer): number {
  try {
    return octal(block, 148, 8);
  } catch {
    return -1;
  }
}
