import type { SourceEntry } from '../sources/source-tree.ts';

/** A file, folder or link of a context, as its owner tells of it. */
export interface ContextEntry {
  /** Clean, relative, with slashes. */
  path: string;
  kind: SourceEntry['kind'];
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of a file. */
  size: number;
  mtimeNs: bigint;
  /** What a symbolic link points at; of a file the path of an earlier one that it is another name of. */
  target: string;
  major: number;
  minor: number;
  xattrs: ReadonlyMap<string, Buffer>;
  /** It changed while it was sent: it is not taken for the same again. */
  isUnsteady?: true;
}

/** Shared by the many that have none. */
export const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

/** Whether nothing has to be sent or written for it: contents are taken for the same when these are. */
export function isSameEntry(one: ContextEntry, other: ContextEntry): boolean {
  if (one.isUnsteady === true || other.isUnsteady === true) return false;
  return (
    one.kind === other.kind &&
    one.mtimeNs === other.mtimeNs &&
    one.size === other.size &&
    one.mode === other.mode &&
    one.uid === other.uid &&
    one.gid === other.gid &&
    one.target === other.target &&
    one.major === other.major &&
    one.minor === other.minor &&
    isSameXattrs(one.xattrs, other.xattrs)
  );
}

function isSameXattrs(one: ContextEntry['xattrs'], other: ContextEntry['xattrs']): boolean {
  if (one === other) return true;
  return one.size === other.size && [...one].every(([name, value]) => other.get(name)?.equals(value) === true);
}
