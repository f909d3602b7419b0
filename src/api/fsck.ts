/** What a check of the store can find. */
export type FsckKind =
  | 'database'
  | 'image-document'
  | 'image-layer'
  | 'layer-content'
  | 'layer-donor'
  | 'layer-index'
  | 'layer-file'
  | 'layer-state'
  | 'layer-record'
  | 'snapshot'
  | 'container'
  | 'volume'
  | 'build-step'
  | 'build-cache'
  | 'leftover'
  | 'mount'
  | 'check';

/** `repaired`: it is as it should be again; `left`: it is as it was found. */
export type FsckOutcome = 'repaired' | 'left';

/** One thing that is not as it should be, in three lines for a person: what, why, what to do. */
export interface FsckFinding {
  kind: FsckKind;
  /** What it is about: a digest, the name of a snapshot, a path. */
  subject: string;
  what: string;
  why: string;
  fix: string;
  /** Names of the images that do not work because of it, or their ids. */
  images: readonly string[];
  outcome: FsckOutcome;
}

export interface FsckProgress {
  /** What is being looked at. */
  phase: string;
  /** Bytes read up to now, and bytes to read in all. */
  current: number;
  total: number;
}

export interface FsckSummary {
  images: number;
  layers: number;
  snapshots: number;
  /** Bytes that were read. */
  bytes: number;
  milliseconds: number;
  repaired: number;
  left: number;
  /** Images that do not work. */
  hurt: readonly string[];
}

/** One line of the stream that `POST /berth/fsck` answers with; the last one is the summary or an error. */
export interface FsckMessage {
  progress?: FsckProgress;
  finding?: FsckFinding;
  summary?: FsckSummary;
  error?: string;
  errorDetail?: { message: string; why?: string; hint?: string };
}
