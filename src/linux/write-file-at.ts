import { constants } from 'node:fs';
import { c } from './ffi.ts';
import { numbers } from './numbers.ts';
import { encodeTimes } from './times.ts';

/** What a new file is like. */
export interface NewFile {
  bytes: Buffer;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Nanoseconds since epoch, of both times. */
  mtimeNs: bigint;
}

/**
 * Makes a small file in an open folder, in a third of the time that `fs` takes, which counts where there are very many.
 * @returns false if it did not become whole: something of the name is there, or `fs` tells why not. What is there then may be a part of it
 */
export function writeFileAt(folder: number, name: string, { bytes, mode, uid, gid, mtimeNs }: NewFile): boolean {
  const { noFollow, closeOnExec } = numbers().open;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow | closeOnExec;
  const fd = c.openat(folder, name, flags, 0o600);
  if (fd < 0) return false;
  try {
    // The owner first: a change of it takes bits of the mode away.
    return (
      Number(c.write(fd, bytes, bytes.length)) === bytes.length &&
      c.fchown(fd, uid, gid) === 0 &&
      c.fchmod(fd, mode) === 0 &&
      c.futimens(fd, encodeTimes({ atimeNs: mtimeNs, mtimeNs })) === 0
    );
  } finally {
    c.close(fd);
  }
}
