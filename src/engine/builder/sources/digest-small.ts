import { hash } from 'node:crypto';
import { closeSync, constants } from 'node:fs';
import { BerthError } from '#lib/errors.ts';
import { O_PATH } from '#lib/files/o-path.ts';
import { type FileFacts } from '#linux/stat-at.ts';
import { type ReadFile, readFileAt } from '#linux/read-file-at.ts';
import { isSameStamp, isYoung } from './digest-table.ts';
import { readAttributes } from './file-content.ts';
import type { FileStamp } from './file-digests.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';

const OPEN_FOLDER = O_PATH | constants.O_DIRECTORY;
const SMALL_BYTES = 64 * 1024;
/** One byte more, to see that a file has grown. */
const buffer = Buffer.alloc(SMALL_BYTES + 1);

/**
 * Digests those of some entries that are small files of a folder of this host and were not read yet. What is out of the ordinary, such as a file
 * that changed since it was found, is left to `digestFile`.
 */
export function digestSmall(tree: SourceTree, entries: readonly SourceEntry[]): void {
  if (tree.isLive !== true) return;
  using folder = createFolder(tree);
  const started = Date.now();
  for (const entry of entries) {
    const { path, stamp, size } = entry;
    if (stamp === undefined || size > SMALL_BYTES || tree.digests.has(path)) continue;
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const fd = name.isWellFormed() ? folder.at(path.slice(0, Math.max(slash, 0))) : undefined;
    const read = fd === undefined ? undefined : readFileAt(fd, name, buffer);
    if (read?.length === size && isSameStamp(stamp, stampOf(read.facts))) keep(tree, { entry, stamp, read, started });
  }
}

/** The folder of the last file: the next one is mostly in the same. */
function createFolder({ root }: SourceTree): Disposable & { at(path: string): number | undefined } {
  let last: { path: string; fd: number } | undefined;
  const close = (): void => {
    if (last !== undefined) closeSync(last.fd);
    last = undefined;
  };
  return {
    at(path) {
      if (last?.path === path) return last.fd;
      close();
      try {
        last = { path, fd: root.openFile(`${path}/.`, OPEN_FOLDER) };
      } catch (error) {
        // Gone, or another thing by now: whoever reads the file itself tells.
        if (!(error instanceof BerthError)) throw error;
      }
      return last?.fd;
    },
    [Symbol.dispose]: close,
  };
}

function keep(
  tree: SourceTree,
  { entry, stamp, read, started }: { entry: SourceEntry; stamp: FileStamp; read: ReadFile; started: number },
): void {
  if (entry.isUnread === true && read.hasXattrs) readAttributes(tree, entry);
  entry.isUnread = false;
  const digest = hash('sha256', buffer.subarray(0, read.length), 'hex');
  tree.digests.set(entry.path, digest);
  if (isYoung(stamp, started)) tree.young?.add(entry.path);
  else tree.known?.put(stamp, { digest, isPlain: entry.attributes.xattrs.size === 0 });
}

function stampOf({ device, inode, ctimeMs, mtimeMs, size }: FileFacts): FileStamp {
  return { device, inode, ctimeMs, mtimeMs, size };
}
