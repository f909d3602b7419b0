import { c, checked, lastErrno } from './ffi.ts';

/** Largest value and largest list of names that Linux has (XATTR_SIZE_MAX, XATTR_LIST_MAX), bytes. */
const LIMIT_BYTES = 65_536;
const scratch = Buffer.alloc(LIMIT_BYTES);

/** Value of an extended attribute; a symbolic link is not followed. Undefined if there is none or the file system has no such. */
export function getXattr(path: string, name: string): Buffer | undefined {
  const length = Number(c.lgetxattr(path, name, scratch, LIMIT_BYTES));
  if (length >= 0) return Buffer.from(scratch.subarray(0, length));
  const errno = lastErrno();
  if (errno === 'ENODATA' || errno === 'EOPNOTSUPP') return undefined;
  checked(-1, `read attribute ${name} of ${path}`);
  return undefined;
}

/** Sets an extended attribute; a symbolic link is not followed. @throws {InternalError} EOPNOTSUPP where the file system has no such */
export function setXattr(path: string, name: string, value: Uint8Array): void {
  checked(c.lsetxattr(path, name, value, value.byteLength, 0), `set attribute ${name} of ${path}`);
}

/** Names of the extended attributes, sorted; a symbolic link is not followed. */
export function listXattrs(path: string): string[] {
  const length = Number(c.llistxattr(path, scratch, LIMIT_BYTES));
  if (length < 0 && lastErrno() === 'EOPNOTSUPP') return [];
  const end = checked(length, `list attributes of ${path}`);
  return scratch
    .toString('utf8', 0, end)
    .split('\0')
    .filter((name) => name !== '')
    .toSorted();
}

/** Removes an extended attribute; one that is not there is fine. */
export function removeXattr(path: string, name: string): void {
  if (c.lremovexattr(path, name) === 0) return;
  const errno = lastErrno();
  if (errno !== 'ENODATA' && errno !== 'EOPNOTSUPP') checked(-1, `remove attribute ${name} of ${path}`);
}
