import { closeSync, constants, fstatSync, readFileSync, writeFileSync } from 'node:fs';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { Root } from '#lib/files/open-root.ts';
import type { Owner } from './project.ts';

/** A file of a project's folder; undefined if there is none. @throws {InvalidArgumentError} if it is no file, or a link leads to it */
export function readOwnFile(root: Root, path: string): Buffer | undefined {
  let file: number;
  try {
    file = root.openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
  try {
    if (fstatSync(file).isFile()) return readFileSync(file);
  } finally {
    closeSync(file);
  }
  throw new InvalidArgumentError(`${path} is no file`, { why: 'it is written as one', hint: 'move it away' });
}

/** Whole or not at all, with the folders that it lies in; it belongs to `owner`. */
export function replaceOwnFile(root: Root, { path, bytes }: { path: string; bytes: Uint8Array }, owner: Owner): void {
  const parts = path.split('/').slice(0, -1);
  for (const folder of parts.map((_, index) => parts.slice(0, index + 1).join('/'))) {
    if (root.lstat(folder) !== undefined) continue;
    root.mkdir(folder);
    root.chown(folder, owner.uid, owner.gid);
  }
  const temporary = `${path}.${process.pid}.tmp`;
  const file = root.openFile(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
  try {
    writeFileSync(file, bytes);
  } finally {
    closeSync(file);
  }
  root.chown(temporary, owner.uid, owner.gid);
  root.rename(temporary, path);
}
