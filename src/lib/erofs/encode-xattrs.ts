import { InvalidArgumentError } from '#lib/errors.ts';
import { decodeName, nameBytes } from '#lib/files/name.ts';
import { aclMode, aclWithMode, readAcl, writeAcl } from './acl.ts';
import { DIRECTORY, KIND_MASK, REGULAR, SYMLINK } from './file-kinds.ts';

const HEADER_BYTES = 12;
const VALUE_LIMIT = 65_535;
/** The inode counts words of four bytes in sixteen bits. */
const SET_LIMIT = HEADER_BYTES + 4 * (65_535 - 1);
/** XATTR_NAME_MAX of Linux, prefix included. */
const NAME_LIMIT = 255;
const CAPABILITY = 'security.capability';
const ACCESS = 'system.posix_acl_access';
const DEFAULT = 'system.posix_acl_default';

/** Prefixes by the number that stands for them (EROFS_XATTR_INDEX_*). */
const PREFIXES: readonly (readonly [index: number, prefix: string])[] = [
  [1, 'user.'],
  [2, ACCESS],
  [3, DEFAULT],
  [4, 'trusted.'],
  [6, 'security.'],
];

export interface EncodedXattrs {
  /** As they stand behind an inode; empty for none. */
  bytes: Buffer;
  /** The mode that the access list leaves: the kernel keeps both in step. */
  mode: number;
}

/**
 * Attributes of a file as they stand behind its inode. Those that Linux would refuse on such a file (`user.` on a device, a namespace it does not have,
 * a broken access list) are left out, as Docker does when it writes files.
 * @param mode with the file's kind
 * @throws {InvalidArgumentError} naming the entry: what the format cannot hold, and capabilities that Linux does not take
 */
export function encodeXattrs(path: string, mode: number, xattrs: ReadonlyMap<string, Buffer>): EncodedXattrs {
  const kept = new Map<string, Buffer>();
  let left = mode;
  for (const [name, value] of xattrs) {
    if (!isTaken(name, mode)) continue;
    if (name === CAPABILITY) checkCapability(path, value);
    if (value.length > VALUE_LIMIT) throw tooLarge(path, `attribute ${name} has ${value.length} bytes`);
    if (name !== ACCESS && name !== DEFAULT) {
      kept.set(name, value);
      continue;
    }
    const entries = readAcl(value);
    if (entries === undefined || entries.length === 0) continue;
    if (name === ACCESS) left = aclMode(entries, mode);
    // One that says no more than the mode is not kept.
    if (name === DEFAULT || entries.length > 3) kept.set(name, writeAcl(entries));
  }
  return { bytes: encodeSet(path, kept), mode: left };
}

/** Attributes of a folder that is named again: those it had stay unless they are named too; an access list follows the new mode, as with chmod. */
export function mergeXattrs(path: string, older: Buffer, { bytes, mode }: EncodedXattrs): Buffer {
  if (older.length === 0) return bytes;
  const merged = new Map([...decodeXattrs(older), ...decodeXattrs(bytes)]);
  const list = readAcl(merged.get(ACCESS) ?? Buffer.alloc(0));
  if (list !== undefined) merged.set(ACCESS, writeAcl(aclWithMode(list, mode)));
  return encodeSet(path, merged);
}

/** With a mark for overlayfs. */
export function addMark(bytes: Buffer, { name, value }: { name: string; value: string }): Buffer {
  const xattrs = decodeXattrs(bytes);
  xattrs.set(name, Buffer.from(value));
  return encodeSet('', xattrs);
}

/** The reverse of `encodeXattrs`; what is broken is left out. */
export function decodeXattrs(bytes: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = HEADER_BYTES; at + 4 <= bytes.length;) {
    const nameLength = bytes[at] ?? 0;
    const prefix = PREFIXES.find(([index]) => index === bytes[at + 1])?.[1];
    const valueAt = at + 4 + nameLength;
    const end = valueAt + bytes.readUInt16LE(at + 2);
    if (prefix !== undefined && end <= bytes.length)
      found.set(prefix + decodeName(bytes.subarray(at + 4, valueAt)), bytes.subarray(valueAt, end));
    at = align4(end);
  }
  return found;
}

function encodeSet(path: string, xattrs: ReadonlyMap<string, Buffer>): Buffer {
  if (xattrs.size === 0) return Buffer.alloc(0);
  const parts: Buffer[] = [Buffer.alloc(HEADER_BYTES)];
  for (const name of [...xattrs.keys()].toSorted()) parts.push(encodeOne(name, xattrs.get(name) ?? Buffer.alloc(0)));
  const bytes = Buffer.concat(parts);
  if (bytes.length > SET_LIMIT) throw tooLarge(path, `its attributes have ${bytes.length} bytes`);
  return bytes;
}

function encodeOne(name: string, value: Buffer): Buffer {
  const [index, prefix] = PREFIXES.find(([, each]) => name.startsWith(each)) ?? [0, ''];
  const suffix = nameBytes(name.slice(prefix.length));
  const entry = Buffer.alloc(align4(4 + suffix.length + value.length));
  entry[0] = suffix.length;
  entry[1] = index;
  entry.writeUInt16LE(value.length, 2);
  suffix.copy(entry, 4);
  value.copy(entry, 4 + suffix.length);
  return entry;
}

/** Whether Linux has such an attribute on such a file (fs/xattr.c). */
function isTaken(name: string, mode: number): boolean {
  const kind = mode & KIND_MASK;
  if (nameBytes(name).length > NAME_LIMIT || name.includes('\0')) return false;
  if (name === ACCESS) return kind !== SYMLINK;
  if (name === DEFAULT) return kind === DIRECTORY;
  if (name.startsWith('user.')) return name.length > 5 && (kind === REGULAR || kind === DIRECTORY);
  return (
    (name.startsWith('trusted.') && name.length > 'trusted.'.length) ||
    (name.startsWith('security.') && name.length > 'security.'.length)
  );
}

/** Versions 2 and 3 of `struct vfs_cap_data`; a program without its capabilities is another one, so these are never left out. */
function checkCapability(path: string, value: Buffer): void {
  const revision = value.length >= 4 ? (value[3] ?? 0) : 0;
  if (!(revision === 2 && value.length === 20) && !(revision === 3 && value.length === 24))
    throw new InvalidArgumentError(`${path}: attribute ${CAPABILITY} is broken`, {
      why: `it has ${value.length} bytes of version ${revision}; Linux takes 20 of version 2 or 24 of version 3`,
    });
}

function tooLarge(path: string, what: string): InvalidArgumentError {
  return new InvalidArgumentError(`${path}: ${what}`, {
    why: `a layer holds at most ${VALUE_LIMIT} bytes in one attribute and ${SET_LIMIT} in all of a file`,
  });
}

function align4(length: number): number {
  return (length + 3) & ~3;
}
