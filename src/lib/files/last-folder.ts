import { closeSync, constants } from 'node:fs';
import { BerthError } from '#lib/errors.ts';
import { O_PATH } from './o-path.ts';
import type { Root } from './open-root.ts';

const OPEN_FOLDER = O_PATH | constants.O_DIRECTORY;

/** A folder of a tree held open as long as one file after the other is in it. */
export interface LastFolder extends Disposable {
  /** A descriptor of the folder that a path is in, good until the next call, and the name there; undefined if there is no such folder. */
  of(path: string): { fd: number; name: string } | undefined;
}

export function createLastFolder(root: Root): LastFolder {
  let last: { path: string; fd: number } | undefined;
  const close = (): void => {
    if (last !== undefined) closeSync(last.fd);
    last = undefined;
  };
  return {
    of(path) {
      const slash = path.lastIndexOf('/');
      const name = path.slice(slash + 1);
      const folder = path.slice(0, Math.max(slash, 0));
      if (last?.path === folder) return { fd: last.fd, name };
      close();
      try {
        last = { path: folder, fd: root.openFile(`${folder}/.`, OPEN_FOLDER) };
        return { fd: last.fd, name };
      } catch (error) {
        // Gone, or another thing by now: whoever goes there in the usual way is told.
        if (error instanceof BerthError) return undefined;
        throw error;
      }
    },
    [Symbol.dispose]: close,
  };
}
