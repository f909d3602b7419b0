import { c, checked } from './ffi.ts';

const AT_FDCWD = -100;
const STATX_MNT_ID = 0x1000;
const STATX_MNT_ID_UNIQUE = 0x4000;
const STATX_BYTES = 256;

/** The mount that holds a path, named so that no other mount since the boot has the same name. */
export interface MountId {
  /** Of the mount; never given again until the next boot if `isUnique`. */
  id: bigint;
  /** Whether the kernel tells ids that it never gives again (Linux 6.8). */
  isUnique: boolean;
  /** Device of the file system, `major:minor`. */
  device: string;
}

/** Says on which mount a path is; a symbolic link is followed. @throws {NotFoundError} */
export function mountIdOf(path: string): MountId {
  const buffer = Buffer.alloc(STATX_BYTES);
  checked(c.statx(AT_FDCWD, path, 0, STATX_MNT_ID | STATX_MNT_ID_UNIQUE, buffer), `look at ${path}`);
  return parseStatx(buffer);
}

/** Of `struct statx` (linux/stat.h). */
function parseStatx(buffer: Buffer): MountId {
  return {
    id: buffer.readBigUInt64LE(144),
    isUnique: (buffer.readUInt32LE(0) & STATX_MNT_ID_UNIQUE) !== 0,
    device: `${buffer.readUInt32LE(136)}:${buffer.readUInt32LE(140)}`,
  };
}

/** The same as one word: while the machine runs, equal words mean that the file system was not unmounted in between. */
export function mountWord(path: string): string {
  const { id, isUnique, device } = mountIdOf(path);
  return isUnique ? `mount ${id}` : `device ${device} mount ${id}`;
}
