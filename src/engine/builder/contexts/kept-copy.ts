import type { ContextEntry } from './context-entry.ts';

/** A context as it was when it was last asked for, in a folder of its own. */
export interface KeptCopy {
  readonly id: string;
  /** Whose folder it is; undefined once there is a newer copy of the same part. */
  source: ContextName | undefined;
  /** Names the part of it that was asked for; undefined for what did not come to an end, which only others start from. */
  part: string | undefined;
  /** What is known of it; undefined while it is on the disk alone. */
  contents: Contents | undefined;
  /** How many entries it has. */
  count: number;
  /** Who looks at it: it does not change meanwhile. */
  users: number;
  /** It changes: nobody looks at it. */
  isChanging: boolean;
  /** Milliseconds since epoch. */
  readonly created: number;
  used: number;
  /** How many times it was asked for. */
  uses: number;
  bytes: number;
}

/** What is in the folder of a copy. */
export interface Contents {
  /** All, in order. */
  entries: ContextEntry[];
  /** Hexadecimal sha256 of files, by path. */
  digests: Map<string, string>;
}

/** A folder on a client's side. */
export interface ContextName {
  /** The client with the folder: what is equal is taken for the same folder. */
  owner: string;
  /** What it is in a build: `context`, `dockerfile`, a named context. */
  name: string;
}

export function isSameContext(one: ContextName | undefined, other: ContextName): boolean {
  return one?.owner === other.owner && one.name === other.name;
}

/** Sum of the sizes of files. */
export function sizeOf(entries: readonly ContextEntry[]): number {
  let bytes = 0;
  for (const { kind, size, target } of entries) if (kind === 'file' && target === '') bytes += size;
  return bytes;
}

/** Nothing, of nobody. */
export const EMPTY_COPY: Readonly<KeptCopy> = {
  id: '',
  source: undefined,
  part: undefined,
  contents: { entries: [], digests: new Map() },
  count: 0,
  users: 0,
  isChanging: false,
  created: 0,
  used: 0,
  uses: 0,
  bytes: 0,
};
