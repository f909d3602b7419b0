import { c, checked, lastErrno } from './ffi.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Locks an open file against other processes until it is closed. @returns whether it was free */
export function tryLock(fd: number): boolean {
  if (c.flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
  if (lastErrno() === 'EAGAIN') return false;
  checked(-1, 'lock file');
  return false;
}
