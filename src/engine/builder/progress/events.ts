import type { ProgressMessage } from '#api/progress.ts';
import type { Finding } from '#dockerfile/lint/finding.ts';
import type { Digest } from '#oci/digest.ts';
import type { StepFacts } from '../cache/explanation.ts';

/** A piece of work that people see: a step, or something a build does besides. */
export interface VertexFacts {
  /** Unique in the build. */
  digest: Digest;
  /** As BuildKit's clients show it: `[build 2/4] RUN make`, `[internal] load build context`. */
  name: string;
  /** Vertices that it needs. */
  inputs: readonly Digest[];
  /** Names the stage, as `plan` had it; undefined for what belongs to none. */
  stage: string | undefined;
  /** How the classic protocol numbers it; absent for what that does not show. */
  step: ClassicStep | undefined;
  /** It only changes the config: BuildKit's clients are not shown it. */
  isMinor: boolean;
  /** Lines of the Dockerfile. */
  lines: { start: number; end: number } | undefined;
}

export interface ClassicStep {
  number: number;
  total: number;
  /** The instruction as it is written. */
  text: string;
}

/** All that a build tells while it runs. Times are milliseconds since epoch. */
export type BuildEvent =
  /** The stages that are built, in the order in which people read them. */
  | { kind: 'plan'; stages: readonly string[] }
  | { kind: 'stage-ended'; stage: string; isFailed: boolean }
  | { kind: 'started'; vertex: VertexFacts; time: number }
  | { kind: 'completed'; vertex: VertexFacts; time: number; outcome: VertexOutcome }
  | { kind: 'log'; vertex: VertexFacts; stream: 'stdout' | 'stderr'; bytes: Uint8Array }
  /** A line of the builder about it. */
  | { kind: 'note'; vertex: VertexFacts; text: string }
  | { kind: 'status'; vertex: VertexFacts; status: VertexStatus }
  /** Progress of a pull, as the Engine API tells it. */
  | { kind: 'message'; vertex: VertexFacts; message: ProgressMessage }
  /** How a step came to its result. */
  | { kind: 'step'; vertex: VertexFacts; step: StepFacts }
  | { kind: 'finding'; vertex: VertexFacts | undefined; finding: Finding }
  /** A process began, or ended and left nothing behind: its twelve digits. */
  | { kind: 'running' | 'removed'; vertex: VertexFacts; container: string }
  /** About the build as a whole. */
  | { kind: 'remark'; text: string };

export interface VertexOutcome {
  isCached: boolean;
  /** One line; absent if it went well. */
  error?: string;
  isCanceled?: boolean;
  /** Twelve digits that name the result, for the classic protocol. */
  result?: string;
}

/** Something that a vertex is doing, with how much of it is done. */
export interface VertexStatus {
  /** Unique in the vertex: `transferring context`, `sha256:…`. */
  id: string;
  /** Of what `total` counts. */
  current: number;
  total: number;
  started: number;
  completed: number | undefined;
}

/** The one who tells about a vertex. */
export interface Vertex {
  readonly facts: VertexFacts;
  log(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  note(text: string): void;
  status(status: VertexStatus): void;
  message(message: ProgressMessage): void;
  step(facts: StepFacts): void;
  running(container: string): void;
  removed(container: string): void;
  /** To be called once. */
  complete(outcome: VertexOutcome): void;
}
