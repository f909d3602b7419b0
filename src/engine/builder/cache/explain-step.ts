import type { StepInput } from '../steps/step.ts';
import type { Explanation } from './explanation.ts';
import { SHORT_DIGEST } from './step-inputs.ts';

/** What is known of the step that stood at the same place the last time. */
export interface FormerStep {
  key: string;
  parent: string;
  /** Undefined if it was pruned. */
  inputs: readonly StepInput[] | undefined;
}

/** A step that was not taken from an earlier build. */
export interface DoneAnew {
  key: string;
  /** Key of what it is done on. */
  parent: string;
  inputs: readonly StepInput[];
  /** What it is done on, if the stage begins there: `base image python:3.12`, `stage build`. */
  base: string | undefined;
  /** The nearest step before it that was done anew, if one was. */
  before?: string | undefined;
  /** What that, or the stage that it begins with, follows from. */
  cause?: Cause | undefined;
  /** The same of stages that it takes files from. */
  taken?: Cause | undefined;
}

/** The first step that was done anew for a reason of its own. */
export interface Cause {
  step: string;
  /** What of its inputs changed, in one line; empty if it is new, or is done anew anyway. */
  changes: string;
  /** Its stage, where that is another one. */
  stage: string | undefined;
}

/** Changes that are told; the rest is counted. */
const TOLD_CHANGES = 5;
/** Values that are told as they are. */
const TOLD_LENGTH = 60;
const LOOKS_SECRET = /secret|token|passw|credential|api_?key|private/i;

/** Says why a step was done although the cache was looked at. */
export function explainStep(step: DoneAnew, former: FormerStep | undefined): Explanation {
  if (former === undefined) return { reason: 'first', text: 'no earlier build had a step here', changes: [] };
  if (former.key === step.key)
    return { reason: 'gone', text: 'it was done before, and its result was pruned or is done anew', changes: [] };
  const changes = former.inputs === undefined ? [] : compareInputs(former.inputs, step.inputs);
  if (former.parent !== step.parent) {
    const [reason, what] =
      step.base === undefined
        ? (['before', stepBefore(step)] as const)
        : (['base', `${step.base} changed${because(step.cause)}`] as const);
    return { reason, text: `${what}${changes.length === 0 ? '' : `; also ${listChanges(changes)}`}`, changes };
  }
  if (former.inputs === undefined)
    return { reason: 'changed', text: 'it changed; what it was before was pruned', changes };
  const text = changes.length === 0 ? 'it changed' : listChanges(changes);
  return { reason: 'changed', text: `${text}${because(step.taken)}`, changes };
}

/** The step right before it, and what that follows from if it is another one. */
function stepBefore({ before, cause }: DoneAnew): string {
  if (before === undefined) return `the step before it changed${because(cause)}`;
  if (cause === undefined || (cause.step === before && cause.stage === undefined))
    return `${short(before)} before it changed${cause === undefined || cause.changes === '' ? '' : `: ${cause.changes}`}`;
  return `${short(before)} before it was done anew${because(cause)}`;
}

function because(cause: Cause | undefined): string {
  if (cause === undefined) return '';
  const place = cause.stage === undefined ? '' : ` in the stage ${cause.stage}`;
  return `, because of ${short(cause.step)}${place}${cause.changes === '' ? '' : `: ${cause.changes}`}`;
}

function short(step: string): string {
  const [line = ''] = step.split('\n');
  return line.length > TOLD_LENGTH ? `${line.slice(0, TOLD_LENGTH)}…` : line;
}

/** The first of them; the others are counted. */
export function listChanges(changes: readonly string[], told = TOLD_CHANGES): string {
  const rest = changes.length - told;
  return `${changes.slice(0, told).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** What differs between two lists of inputs, one line each. */
export function compareInputs(before: readonly StepInput[], after: readonly StepInput[]): string[] {
  const former = new Map(before.map((input) => [input.name, input]));
  const changes: string[] = [];
  for (const input of after) {
    const old = former.get(input.name);
    former.delete(input.name);
    if (old === undefined) changes.push(`${input.name} is new`);
    else if (JSON.stringify(old.value) !== JSON.stringify(input.value)) changes.push(...compareValues(old, input));
  }
  return [...changes, ...[...former.keys()].map((name) => `${name} is gone`)];
}

function compareValues(before: StepInput, after: StepInput): string[] {
  if (before.files !== undefined && after.files !== undefined) {
    const changes = compareFiles(before.files, after.files);
    if (changes.length > 0) return changes;
  }
  const [from, to] = [shown(before), shown(after)];
  return [from === undefined || to === undefined ? `${after.name} changed` : `${after.name}: ${from} → ${to}`];
}

function compareFiles(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const changed = [...after]
    .filter(([path, digest]) => before.get(path)?.slice(0, SHORT_DIGEST) !== digest.slice(0, SHORT_DIGEST))
    .map(([path]) => `${path} ${before.has(path) ? 'changed' : 'is new'}`);
  return [...changed, ...[...before.keys()].filter((path) => !after.has(path)).map((path) => `${path} is gone`)];
}

/** A value that is short, and not likely to be something that nobody should read. */
function shown({ name, value }: StepInput): string | undefined {
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (!isPlain || LOOKS_SECRET.test(name)) return undefined;
  const text = String(value);
  return text.length > TOLD_LENGTH || /\p{Cc}/u.test(text) ? undefined : text === '' ? '(empty)' : text;
}
