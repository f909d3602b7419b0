import { closeSync, constants, openSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { isErrno } from './file-error.ts';

const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Removes a file or a whole folder by descriptors, so that nobody who swaps names meanwhile can lead it elsewhere; nothing there is fine. */
export function removeAt(place: string | Buffer): void {
  try {
    unlinkSync(place);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    if (!isErrno(error, 'EISDIR', 'EPERM')) throw error;
    removeDirectory(place);
  }
}

function removeDirectory(place: string | Buffer): void {
  const fd = openSync(place, OPEN_DIRECTORY);
  try {
    const prefix = Buffer.from(`/proc/self/fd/${fd}/`);
    for (const name of readdirSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' }))
      removeAt(Buffer.concat([prefix, name]));
  } finally {
    closeSync(fd);
  }
  rmdirSync(place);
}
