import { chmodSync } from 'node:fs';
import { c, checked } from './ffi.ts';

const KINDS = { fifo: 0o010000, character: 0o020000, block: 0o060000, socket: 0o140000 } as const;

/** A file that is neither a regular file, a directory nor a link. `mode` holds the permission bits alone. */
export interface SpecialFile {
  kind: keyof typeof KINDS;
  mode: number;
  major?: number;
  minor?: number;
}

/**
 * Makes a special file with exactly this mode, whatever the umask.
 * @throws {ConflictError} if the path is taken
 */
export function makeNode(path: string, { kind, mode, major = 0, minor = 0 }: SpecialFile): void {
  checked(c.mknod(path, KINDS[kind] | (mode & 0o7777), deviceNumber(major, minor)), `make ${kind} file ${path}`);
  // The umask of a process cannot be changed in a worker.
  if ((mode & process.umask()) !== 0) chmodSync(path, mode & 0o7777);
}

/** What overlayfs takes for "the layers below do not have this name". */
export function makeWhiteout(path: string): void {
  makeNode(path, { kind: 'character', mode: 0 });
}

/** `dev_t` as the C library packs it (gnu_dev_makedev). */
export function deviceNumber(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & 0xfffn) << 8n) | ((high & ~0xfffn) << 32n) | (low & 0xffn) | ((low & ~0xffn) << 12n);
}

/** The reverse: what `stat` tells as `rdev`. */
export function parseDeviceNumber(device: bigint): { major: number; minor: number } {
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  };
}
