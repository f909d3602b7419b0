import type { SourceEntry, TreeListing } from '../sources/source-tree.ts';
import { indexAfter, isBelow } from './compare-paths.ts';
import type { ContextEntry } from './context-entry.ts';

/** What is in a copy, as steps see it: nothing of it has to be looked at on the disk. */
export function listCopy(entries: readonly ContextEntry[]): TreeListing {
  let linked: ReadonlySet<string> | undefined;
  return {
    *below(folder) {
      linked ??= new Set(
        entries.filter(({ kind, target }) => kind === 'file' && target !== '').map(({ target }) => target),
      );
      for (let at = folder === '' ? 0 : indexAfter(entries, folder); at < entries.length; at++) {
        const entry = entries[at];
        if (entry === undefined || (folder !== '' && !isBelow(entry.path, folder))) return;
        yield toSource(entry, { folder, linked });
      }
    },
  };
}

function toSource(
  entry: ContextEntry,
  { folder, linked }: { folder: string; linked: ReadonlySet<string> },
): SourceEntry {
  const { path, kind, mode, uid, gid, size, mtimeNs, target, major, minor, xattrs } = entry;
  const isFile = kind === 'file';
  // The first name stands for all of a file that has more.
  const first = isFile && target !== '' ? target : path;
  return {
    path,
    relative: folder === '' ? path : path.slice(folder.length + 1),
    kind,
    attributes: { mode, uid, gid, xattrs, mtimeNs },
    size,
    inode: isFile && linked.has(first) ? first : '',
    target: kind === 'symlink' ? target : '',
    major,
    minor,
  };
}
