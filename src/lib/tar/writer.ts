import { nameBytes } from '#lib/files/name.ts';
import { BLOCK, paddingOf, type TarHeader } from './header.ts';
import { formatPaxTime, paxRecord } from './pax.ts';

const TYPES = { file: '0', link: '1', symlink: '2', character: '3', block: '4', directory: '5', fifo: '6' } as const;
const OCTAL_8 = 0o7777777;
const OCTAL_12 = 0o77777777777;
const SECOND = 1_000_000_000n;

/** The bytes that end an archive. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK);

/** Zero bytes that follow content of this size. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc(paddingOf(size));
}

/**
 * The header of one entry as ustar, with a PAX header before it when a field does not fit. Equal fields give equal bytes.
 * `size` bytes of content and `tarPadding(size)` follow it. Sparse regions are not kept: the content is written in full.
 */
export function tarEntry(header: TarHeader): Buffer {
  const pax = paxOf(header);
  const block = ustar(header);
  if (pax.length === 0) return block;
  const content = Buffer.concat(pax);
  const prefix = ustar({
    ...header,
    name: 'PaxHeaders/entry',
    kind: 'file',
    linkName: '',
    mode: 0o644,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    size: content.length,
    mtimeNs: 0n,
  });
  return Buffer.concat([seal(prefix, 'x'), content, tarPadding(content.length), block]);
}

function paxOf(header: TarHeader): Buffer[] {
  const records: Buffer[] = [];
  const add = (key: string, value: string | Uint8Array): void => {
    records.push(paxRecord(key, typeof value === 'string' ? nameBytes(value) : value));
  };
  const seconds = header.mtimeNs / SECOND;
  if (header.mtimeNs % SECOND !== 0n || seconds < 0n || seconds > BigInt(OCTAL_12))
    add('mtime', formatPaxTime(header.mtimeNs));
  if (splitName(header.name) === undefined) add('path', header.name);
  if (!fits(header.linkName, 100)) add('linkpath', header.linkName);
  if (header.kind === 'file' && header.size > OCTAL_12) add('size', String(header.size));
  if (header.uid > OCTAL_8) add('uid', String(header.uid));
  if (header.gid > OCTAL_8) add('gid', String(header.gid));
  if (!fits(header.userName, 32)) add('uname', header.userName);
  if (!fits(header.groupName, 32)) add('gname', header.groupName);
  for (const [name, value] of [...header.xattrs].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    add(`SCHILY.xattr.${name}`, value);
  return records;
}

function ustar(header: TarHeader): Buffer {
  const block = Buffer.alloc(BLOCK);
  const [prefix, name] = splitName(header.name) ?? ['', header.name];
  put(block, name, { offset: 0, length: 100 });
  octal(block, header.mode, { offset: 100, length: 8 });
  octal(block, header.uid > OCTAL_8 ? 0 : header.uid, { offset: 108, length: 8 });
  octal(block, header.gid > OCTAL_8 ? 0 : header.gid, { offset: 116, length: 8 });
  octal(block, header.size > OCTAL_12 || header.kind !== 'file' ? 0 : header.size, { offset: 124, length: 12 });
  const seconds = header.mtimeNs < 0n ? 0 : Number(header.mtimeNs / SECOND);
  octal(block, seconds > OCTAL_12 ? 0 : seconds, { offset: 136, length: 12 });
  put(block, header.linkName, { offset: 157, length: 100 });
  block.write('ustar\x0000', 257, 'latin1');
  put(block, fits(header.userName, 32) ? header.userName : '', { offset: 265, length: 32 });
  put(block, fits(header.groupName, 32) ? header.groupName : '', { offset: 297, length: 32 });
  octal(block, header.major, { offset: 329, length: 8 });
  octal(block, header.minor, { offset: 337, length: 8 });
  put(block, prefix, { offset: 345, length: 155 });
  return seal(block, TYPES[header.kind]);
}

function seal(block: Buffer, type: string): Buffer {
  block.write(type, 156, 'latin1');
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += block[at] ?? 0; // a loop over its iterator takes ten times as long
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Prefix and name of ustar; undefined if the name fits neither way or is not plain ASCII, where PAX says it. */
function splitName(name: string): [prefix: string, name: string] | undefined {
  if (!isAscii(name)) return undefined;
  if (name.length <= 100) return ['', name];
  // The rightmost slash that leaves a prefix of at most 155 bytes; a folder's last slash is no place to split.
  const slash = name.lastIndexOf('/', Math.min(155, name.length - 2));
  return slash > 0 && name.length - slash - 1 <= 100 ? [name.slice(0, slash), name.slice(slash + 1)] : undefined;
}

function fits(text: string, length: number): boolean {
  return isAscii(text) && text.length <= length;
}

function isAscii(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- the range is the point
  return /^[\x01-\x7f]*$/.test(text);
}

interface Field {
  offset: number;
  length: number;
}

function put(block: Buffer, text: string, { offset, length }: Field): void {
  nameBytes(text).copy(block, offset, 0, length);
}

function octal(block: Buffer, value: number, { offset, length }: Field): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
}
