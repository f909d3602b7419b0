/** What a tar entry is. */
export type TarKind = 'file' | 'link' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/** One entry of a tar archive, whatever dialect it came in. */
export interface TarHeader {
  /** As in the archive, without interpretation: may be absolute or hold `..`. Encoding: `lib/files/name.ts`. */
  name: string;
  kind: TarKind;
  /** Target of a link or symlink, else empty. */
  linkName: string;
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  userName: string;
  groupName: string;
  /** Bytes of the file's content; of a sparse file with its holes. */
  size: number;
  /** Nanoseconds since epoch. */
  mtimeNs: bigint;
  major: number;
  minor: number;
  xattrs: ReadonlyMap<string, Buffer>;
  /** Where the data of a sparse file lies; holes between. Absent for all others. */
  sparse?: readonly SparseRegion[];
}

export interface SparseRegion {
  offset: number;
  length: number;
}

export const BLOCK = 512;

/** Bytes that fill the last block of content. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** A header with nothing but the fields given. */
export function tarHeader(fields: Partial<TarHeader> & Pick<TarHeader, 'name' | 'kind'>): TarHeader {
  return {
    linkName: '',
    mode: fields.kind === 'directory' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    size: 0,
    mtimeNs: 0n,
    major: 0,
    minor: 0,
    xattrs: new Map(),
    ...fields,
  };
}
