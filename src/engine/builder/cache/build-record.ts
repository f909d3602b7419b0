import type { Finding } from '#dockerfile/lint/finding.ts';
import type { Digest } from '#oci/digest.ts';
import type { BuildEvent } from '../progress/events.ts';
import type { Material } from '../sources/context-source.ts';
import type { Explanation } from './explanation.ts';

/** A build that ran, or runs. Times are milliseconds since epoch. */
export interface BuildRecord {
  ref: string;
  /** For people: what the image is called, or the context. */
  name: string;
  started: number;
  /** Undefined while it runs. */
  completed: number | undefined;
  status: 'running' | 'completed' | 'failed' | 'canceled';
  /** What ended it, in one line. */
  error: string | undefined;
  context: string;
  dockerfile: string;
  target: string;
  platforms: readonly string[];
  /** What the client asked for in its own words; without secrets. */
  asked: Readonly<Record<string, string>>;
  steps: readonly RecordedStep[];
  findings: readonly Finding[];
  outputs: readonly { type: string; attributes: Readonly<Record<string, string>> }[];
  /** What the client was told at the end. */
  response: Readonly<Record<string, string>>;
  materials: readonly Material[];
  /** Text of the `build.lock` that it came to. */
  lock: string | undefined;
  /** It stays until it is removed by name. */
  isPinned: boolean;
}

/** A vertex of a build. */
export interface RecordedStep {
  digest: Digest;
  name: string;
  inputs: readonly Digest[];
  stage: string | undefined;
  isMinor: boolean;
  started: number;
  completed: number | undefined;
  isCached: boolean;
  error: string | undefined;
  /** Of the layers it left; absent for what is no step of the Dockerfile. */
  bytes?: number;
  key?: string;
  why?: Explanation;
  /** What its processes wrote. */
  logBytes: number;
}

/** Something that a build told, with its time. */
export interface RecordedEvent {
  time: number;
  event: BuildEvent;
}

/** Counts that lists of builds show: only of what BuildKit's clients are shown. */
export function countSteps({ steps }: Pick<BuildRecord, 'steps'>): {
  total: number;
  cached: number;
  completed: number;
} {
  const shown = steps.filter(({ isMinor }) => !isMinor);
  return {
    total: shown.length,
    cached: shown.filter(({ isCached }) => isCached).length,
    completed: shown.filter(({ completed, error }) => completed !== undefined && error === undefined).length,
  };
}
