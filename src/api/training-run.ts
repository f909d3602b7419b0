import { InvalidArgumentError } from '#lib/errors.ts';

/** A training that ran, or runs: what it was given, and what came of it. The body of `/berth/runs`. */
export interface TrainingRun {
  schemaVersion: 1;
  /** Twelve hexadecimal digits. */
  id: string;
  project: string;
  /** Folder on the machine that trained; where the run was taken over from, for imported ones. */
  directory: string;
  /** ISO 8601. */
  started: string;
  /** null while it runs. */
  ended: string | null;
  status: 'running' | 'succeeded' | 'failed' | 'stopped';
  exitCode: number | null;
  /** Commit of the folder's repository, and whether files differ from it. */
  commit: string | null;
  isDirty: boolean | null;
  /** What differs from the commit, in the form of a patch, its beginning at most. */
  diff: string | null;
  /** Id of the image. */
  image: string | null;
  command: readonly string[];
  parameters: Readonly<Record<string, string>>;
  /** Data that it was given: by names, sizes and times, not by content. */
  data: readonly { path: string; files: number; bytes: number; fingerprint: string }[];
  metrics: readonly RunMetric[];
  /** Files that it wrote. */
  outputs: readonly { path: string; bytes: number }[];
  seconds: number | null;
  peakMemoryBytes: number | null;
  /** Cause of a failure, where it is known. */
  cause: string | null;
}

/** A value over time; steps rise. Of long ones a sample is kept, the first and last value always. */
export interface RunMetric {
  name: string;
  points: readonly (readonly [step: number, value: number])[];
}

const STATES = ['running', 'succeeded', 'failed', 'stopped'];
const MAX_METRICS = 500;
const MAX_POINTS = 2000;

/** Checks what a client sent. @throws {InvalidArgumentError} */
export function parseTrainingRun(body: unknown): TrainingRun {
  const run = body as Partial<Record<keyof TrainingRun, unknown>> | null;
  if (typeof run !== 'object' || run === null) throw wrong('it is no object');
  if (run.schemaVersion !== 1) throw wrong(`its schemaVersion is ${JSON.stringify(run.schemaVersion)}, not 1`);
  if (typeof run.id !== 'string' || !/^[0-9a-f]{12}$/.test(run.id)) throw wrong('its id is not twelve hexadecimal digits'); // prettier-ignore
  for (const name of ['project', 'directory'] as const) if (typeof run[name] !== 'string') throw wrong(`${name} is no text`); // prettier-ignore
  if (typeof run.started !== 'string' || Number.isNaN(Date.parse(run.started))) throw wrong('started is no time');
  if (!STATES.includes(String(run.status))) throw wrong(`status is none of ${STATES.join(', ')}`);
  for (const name of ['command', 'data', 'metrics', 'outputs'] as const) if (!Array.isArray(run[name])) throw wrong(`${name} is no list`); // prettier-ignore
  if (typeof run.parameters !== 'object' || run.parameters === null) throw wrong('parameters is no object');
  const metrics = run.metrics as unknown[];
  if (metrics.length > MAX_METRICS || !metrics.every(isMetric)) throw wrong(`metrics are at most ${MAX_METRICS}, each with a name and at most ${MAX_POINTS} pairs of numbers`); // prettier-ignore
  return run as TrainingRun;
}

function isMetric(value: unknown): value is RunMetric {
  const { name, points } = (value ?? {}) as Partial<RunMetric>;
  return typeof name === 'string' && Array.isArray(points) && points.length <= MAX_POINTS && points.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((number) => typeof number === 'number')); // prettier-ignore
}

function wrong(why: string): InvalidArgumentError {
  return new InvalidArgumentError('this is no record of a training run', {
    why,
    hint: 'send it as docs/runs.md describes it',
  });
}

/** The last value of a metric; undefined for one without any. */
export function lastValue({ points }: RunMetric): number | undefined {
  return points.at(-1)?.[1];
}
