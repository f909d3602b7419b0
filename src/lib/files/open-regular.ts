import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { NotFoundError } from '#lib/errors.ts';
import type { Root } from './open-root.ts';
import { O_PATH } from './o-path.ts';

/**
 * Opens a regular file for reading; undefined if it is something else. What it is is known before it is opened: to open a device, a
 * program's name for one swapped in between, would act on the host's, and a pipe would make the engine wait.
 * @throws {NotFoundError} if nothing is there
 */
export function openRegular(root: Root, path: string): { fd: number; stats: Stats } | undefined {
  const pinned = root.openFile(path, O_PATH);
  try {
    const stats = fstatSync(pinned);
    if (!stats.isFile()) return undefined;
    return { fd: openSync(`/proc/self/fd/${pinned}`, constants.O_RDONLY), stats };
  } finally {
    closeSync(pinned);
  }
}

/** The same for what symbolic links lead to inside the root; undefined too if nothing is there. */
export function findRegular(root: Root, path: string): { fd: number; stats: Stats } | undefined {
  try {
    return openRegular(root, root.resolveInRoot(path, { follow: true }));
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
