/** Where the time of a build went, as `GET /berth/builds/{ref}` answers it. Milliseconds. */
export interface BuildProfile {
  wallMs: number;
  /** What must be faster for the build to be faster: the longest chain of vertices, in their order. */
  criticalMs: number;
  rows: readonly ProfileRow[];
}

export interface ProfileRow {
  name: string;
  /** After the build began. */
  startMs: number;
  durationMs: number;
  isCached: boolean;
  /** Of the layers it left. */
  bytes: number;
  /** Why it was or was not taken from an earlier build. */
  why: string;
  /** On the longest chain. */
  isCritical: boolean;
}
