/** What takes space for builds to come, as `du` shows it. Bytes are those of files; times are milliseconds since epoch. */
export interface CacheRecord {
  id: string;
  kind: CacheKind;
  /** Ids of records that this one is done on. */
  parents: readonly string[];
  description: string;
  bytes: number;
  created: number;
  used: number | undefined;
  uses: number;
  /** A running build uses it. */
  isUsed: boolean;
  /** An image has the same files: removing it frees nothing. */
  isShared: boolean;
  /** Its files change when it is used. */
  isMutable: boolean;
}

/** BuildKit's names. */
export type CacheKind =
  | 'regular'
  | 'source.local'
  | 'source.git.checkout'
  | 'exec.cachemount'
  | 'frontend'
  | 'internal';

/** Something that keeps files for builds to come. */
export interface CacheRecordSource {
  list(): Promise<readonly CacheRecord[]>;
  /** Removes those that are not used by now. @returns ids of those removed, and the bytes that come back */
  remove(ids: ReadonlySet<string>): Promise<{ ids: readonly string[]; bytes: number }>;
}
