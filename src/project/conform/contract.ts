import type { ImageDetails } from '#api/answers.ts';
import type { Reply, Sending } from './send.ts';

export type Target = 'sagemaker' | 'kserve' | 'cog' | 'http';

/** What a check came to. */
export type Outcome =
  | { state: 'passed'; detail?: string }
  | { state: 'failed'; why: string; fix: string }
  /** Not asked, with the reason. */
  | { state: 'skipped'; why: string };

/** One demand of a contract. */
export interface Check<Tested> {
  /** Stable, for programs: `ping-answers`. */
  name: string;
  /** What the platform demands, in words. */
  demand: string;
  run(tested: Tested): Promise<Outcome> | Outcome;
}

/** A demand with what came of it. */
export interface CheckResult {
  name: string;
  demand: string;
  outcome: Outcome;
}

/** What people say of an image that the image itself does not tell. */
export interface ConformOptions {
  /** Port inside the container, instead of the contract's. */
  port?: number | undefined;
  /** Name of the model, where a path has it. */
  modelName?: string | undefined;
  /** A request that the model understands. */
  request?: { body: Uint8Array; contentType: string } | undefined;
  /** Folder that is mounted where the platform puts the model. */
  modelFolder?: string | undefined;
  environment?: readonly string[] | undefined;
  /** How long it may take to get ready. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** What was seen while the container got ready. */
export interface Readiness {
  /** Milliseconds from the start to the first connection that was taken; undefined if none was. */
  listensMs: number | undefined;
  readyMs: number | undefined;
  /** Statuses of the readiness path before it was ready, each once. */
  before: readonly number[];
}

/** An image that runs as the platform would run it. */
export interface Subject {
  image: ImageDetails;
  port: number;
  readiness: Readiness;
  options: ConformOptions;
  /** One request. @throws {UnavailableError} if nothing answers in time */
  send(sending: Sending): Promise<Reply>;
}

/** How it ended after SIGTERM. */
export interface Ending {
  exitCode: number;
  ms: number;
  graceSeconds: number;
}

/** What a platform demands of images. */
export interface Contract {
  target: Target;
  /** For people: `SageMaker (bring your own container)`. */
  title: string;
  /** Port that the platform asks; undefined for the image's own. */
  port: number | undefined;
  /** Replaces the image's command. */
  command: readonly string[] | undefined;
  environment(port: number): readonly string[];
  /** Where the platform puts the model. */
  modelFolder: string | undefined;
  readyPath(options: ConformOptions): string;
  isReady(reply: Reply): boolean;
  /** Seconds between SIGTERM and SIGKILL. */
  graceSeconds: number;
  imageChecks: readonly Check<ImageDetails>[];
  checks: readonly Check<Subject>[];
}

export function passed(detail?: string): Outcome {
  return detail === undefined ? { state: 'passed' } : { state: 'passed', detail };
}

export function failed(why: string, fix: string): Outcome {
  return { state: 'failed', why, fix };
}

export function skipped(why: string): Outcome {
  return { state: 'skipped', why };
}
