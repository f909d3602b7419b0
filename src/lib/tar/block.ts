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
  type: string;
  linkName: string;
  userName: string;
  groupName: string;
  major: number;
  minor: number;
  isGnu: boolean;
}

/** @throws {InvalidArgumentError} if the checksum or a number is wrong */
export function parseBlock(block: Buffer): Block {
  verifyChecksum(block);
  const magic = block.toString('latin1', 257, 263);
  const isGnu = magic === 'ustar ';
  const isUstar = magic === 'ustar\0';
  const name = text(block, 0, 100);
  const prefix = isUstar ? text(block, 345, 155) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: number(block, 100, 8) & 0o7777,
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size: number(block, 124, 12),
    mtimeSeconds: bigNumber(block, 136, 12),
    type: block[156] === 0 ? '0' : String.fromCharCode(block[156] ?? 0),
    linkName: text(block, 157, 100),
    userName: isGnu || isUstar ? text(block, 265, 32) : '',
    groupName: isGnu || isUstar ? text(block, 297, 32) : '',
    major: isGnu || isUstar ? number(block, 329, 8) : 0,
    minor: isGnu || isUstar ? number(block, 337, 8) : 0,
    isGnu,
  };
}

/** Text up to the first zero byte. */
export function text(block: Buffer, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return decodeName(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits, or a binary number when the first bit is set (GNU base-256). */
export function number(block: Buffer, offset: number, length: number): number {
  const value = bigNumber(block, offset, length);
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
    throw new InvalidArgumentError('broken tar: a number in a header is out of range');
  return Number(value);
}

function bigNumber(block: Buffer, offset: number, length: number): bigint {
  const first = block[offset] ?? 0;
  if ((first & 0x80) !== 0) return base256(block.subarray(offset, offset + length));
  const digits = block
    .toString('latin1', offset, offset + length)
    .replace(/\0.*$/s, '')
    .trim();
  if (digits === '') return 0n;
  if (!/^-?[0-7]+$/.test(digits)) throw new InvalidArgumentError('broken tar: a number in a header is not octal');
  return digits.startsWith('-') ? -BigInt(`0o${digits.slice(1)}`) : BigInt(`0o${digits}`);
}

function base256(field: Buffer): bigint {
  const bits = BigInt(field.length * 8 - 1);
  const value = BigInt(`0x${field.toString('hex')}`) & ((1n << bits) - 1n);
  return BigInt.asIntN(Number(bits), value);
}

/** The sum is kept over unsigned bytes; some old programs summed signed ones. */
function verifyChecksum(block: Buffer): void {
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < BLOCK; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const digits = block.toString('latin1', 148, 156).replace(/\0.*$/s, '').trim();
  const expected = /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : -1;
  if (expected !== unsigned && expected !== signed)
    throw new InvalidArgumentError('broken tar: a header has a wrong checksum', {
      hint: 'the file is damaged or is no tar archive',
    });
}
