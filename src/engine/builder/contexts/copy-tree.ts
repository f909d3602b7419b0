import { closeSync, constants, copyFileSync, linkSync } from 'node:fs';
import { setAttributes, setMtime } from '#engine/snapshots/tree/attributes.ts';
import { ffiPath } from '#engine/snapshots/tree/ffi-path.ts';
import { fileError, isErrno } from '#lib/files/file-error.ts';
import type { Root } from '#lib/files/open-root.ts';
import { makeNode } from '#linux/mknod.ts';
import type { ContextEntry } from './context-entry.ts';

/** Files are never written once they have a name: other copies may have them as well. */
export const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** Makes what has no content: a folder, a link, a special file. Times of folders come last, by `finishFolder`. */
export function makeEntry(root: Root, entry: ContextEntry): void {
  const { path, kind, target, mode, major, minor } = entry;
  if (kind === 'directory') root.mkdir(path, 0o700);
  else if (kind === 'symlink') root.symlink(target, path);
  else if (kind === 'file') closeSync(root.openFile(path, CREATE, 0o600));
  else makeNode(ffiPath(root.locate(path)), { kind, mode, major, minor });
  setEntryAttributes(root, entry);
}

/** Owner, mode and attributes; the time of all but folders. */
export function setEntryAttributes(root: Root, { path, kind, mode, uid, gid, xattrs, mtimeNs }: ContextEntry): void {
  const isFolder = kind === 'directory';
  setAttributes(
    root.locate(isFolder ? `${path}/.` : path),
    { mode, uid, gid, xattrs, ...(!isFolder && { mtimeNs }) },
    { isLink: kind === 'symlink' },
  );
}

/** Once nothing more comes into it. */
export function finishFolder(root: Root, { path, mtimeNs }: ContextEntry): void {
  setMtime(root.locate(`${path}/.`), mtimeNs);
}

/** Gives another copy the same thing: files by a second name. */
export function shareEntry({ from, to }: { from: Root; to: Root }, entry: ContextEntry): void {
  const { path, kind } = entry;
  if (kind !== 'file') {
    makeEntry(to, entry);
    return;
  }
  const source = from.locate(path);
  const target = to.locate(path);
  try {
    linkSync(source.path, target.path);
  } catch (error) {
    if (!isErrno(error, 'EMLINK', 'EXDEV')) throw fileError(error, path);
    copyFileSync(source.path, target.path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    setEntryAttributes(to, entry);
  }
}
