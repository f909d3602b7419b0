import type { Root } from '#lib/files/open-root.ts';
import type { Attributes } from '#engine/snapshots/tree/attributes.ts';
import { readFileAt } from '#linux/read-file-at.ts';
import { writeFileAt } from '#linux/write-file-at.ts';
import { isSameStamp } from '../sources/digest-table.ts';
import { createLastFolder } from '#lib/files/last-folder.ts';
import type { SourceEntry, SourceTree } from '../sources/source-tree.ts';

const SMALL_BYTES = 64 * 1024;
/** One byte more, to see that a file has grown. */
const buffer = Buffer.alloc(SMALL_BYTES + 1);

/** Copies small files in as few calls as the kernel allows. */
export interface SmallFiles extends Disposable {
  /**
   * @param path place of the new file in the tree that is written
   * @returns false for what is out of the ordinary: it is to be copied in the usual way, over what may be there of it then
   */
  copy(entry: SourceEntry, path: string, attributes: Attributes): boolean;
}

export function createSmallFiles({ from, to }: { from: SourceTree; to: Root }): SmallFiles {
  const source = createLastFolder(from.root);
  const target = createLastFolder(to);
  return {
    copy(entry, path, { mode, uid, gid, xattrs }) {
      const isPlain = entry.kind === 'file' && entry.inode === '' && xattrs.size === 0 && entry.size <= SMALL_BYTES;
      if (!isPlain || from.taken.has(entry.path) || !entry.path.isWellFormed() || !path.isWellFormed()) return false;
      const at = source.of(entry.path);
      const read = at === undefined ? undefined : readFileAt(at.fd, at.name, buffer);
      if (read?.length !== entry.size || read.length !== read.facts.size) return false;
      // The digest of the step says what it was.
      const isSame = entry.stamp !== undefined && isSameStamp(entry.stamp, read.facts);
      if (from.isLive === true && (!isSame || from.young?.has(entry.path) === true)) return false;
      const place = target.of(path);
      if (place === undefined) return false;
      const { mtimeNs } = read.facts;
      return writeFileAt(place.fd, place.name, { bytes: buffer.subarray(0, read.length), mode, uid, gid, mtimeNs });
    },
    [Symbol.dispose]() {
      source[Symbol.dispose]();
      target[Symbol.dispose]();
    },
  };
}
