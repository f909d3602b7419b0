import { hash } from 'node:crypto';
import { type ReadFile, readFileAt } from '#linux/read-file-at.ts';
import { isSameStamp, isYoung } from './digest-table.ts';
import { readAttributes } from './file-content.ts';
import type { FileStamp } from './file-digests.ts';
import { createLastFolder } from '#lib/files/last-folder.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';

const SMALL_BYTES = 64 * 1024;
/** One byte more, to see that a file has grown. */
const buffer = Buffer.alloc(SMALL_BYTES + 1);

/**
 * Digests those of some entries that are small files of a folder of this host and were not read yet. What is out of the ordinary, such as a file
 * that changed since it was found, is left to `digestFile`.
 */
export function digestSmall(tree: SourceTree, entries: readonly SourceEntry[]): void {
  if (tree.isLive !== true) return;
  using folder = createLastFolder(tree.root);
  const started = Date.now();
  for (const entry of entries) {
    const { path, stamp, size } = entry;
    if (stamp === undefined || size > SMALL_BYTES || tree.digests.has(path)) continue;
    const at = path.isWellFormed() ? folder.of(path) : undefined;
    const read = at === undefined ? undefined : readFileAt(at.fd, at.name, buffer);
    if (read?.length === size && isSameStamp(stamp, read.facts)) keep(tree, { entry, stamp, read, started });
  }
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
