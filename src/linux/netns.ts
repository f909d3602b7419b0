import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { c, checked, lastErrno } from './ffi.ts';
import { unmount } from './mount.ts';

const CLONE_NEWNET = 0x40000000;
const MS_BIND = 4096;
const PIN_TRIES = 5;

/**
 * Makes a network namespace that lives on at `path` until it is removed. The loop-back interface is still down.
 * @throws {ConflictError} if the path is taken
 */
export function createNetns(path: string): void {
  writeFileSync(path, '', { flag: 'wx' });
  try {
    withOwnNetns(() => {
      checked(c.unshare(CLONE_NEWNET), 'make network namespace');
      pin(path);
    });
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** The kernel now and then refuses with EINVAL to pin a namespace and takes it at the next try. */
function pin(path: string): void {
  for (let attempt = 1; ; attempt++) {
    const result = c.mount('/proc/thread-self/ns/net', path, '', MS_BIND, '');
    if (result === 0) return;
    if (lastErrno() !== 'EINVAL' || attempt >= PIN_TRIES) checked(result, `pin network namespace at ${path}`);
  }
}

/** Lets go of a namespace pinned by `createNetns`; its interfaces go with its last process. Nothing there is fine. */
export function removeNetns(path: string): void {
  unmount(path);
  rmSync(path, { force: true });
}

/**
 * Runs `work` in another network namespace. It must not await: the thread is in the other namespace until it returns. Sockets that it
 * opens stay there.
 * @throws {NotFoundError}
 */
export function inNetns<T>(path: string, work: () => T): T {
  return withOwnNetns(() => {
    enter(path);
    return work();
  });
}

function enter(path: string): void {
  const fd = openSync(path, 'r');
  try {
    checked(c.setns(fd, CLONE_NEWNET), `enter network namespace ${path}`);
  } finally {
    closeSync(fd);
  }
}

/** Brings the thread back where it was, whatever `work` does. */
function withOwnNetns<T>(work: () => T): T {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  try {
    return work();
  } finally {
    const result = c.setns(own, CLONE_NEWNET);
    closeSync(own);
    checked(result, 'return to the own network namespace');
  }
}
