import { setImmediate } from 'node:timers/promises';
import { CancelledError } from '#lib/errors.ts';
import { formatPlatform } from '#oci/platform.ts';
import { sha256 } from '#lib/sha256.ts';
import { beginningsOf, noteStep } from '../cache/change-trail.ts';
import { explainStep } from '../cache/explain-step.ts';
import { type Explanation, isCached } from '../cache/explanation.ts';
import type { BuildRun, StageRun } from '../build-run.ts';
import type { Layer, StepResult } from '../layers.ts';
import type { Step, StepInput, StepLayer } from '../steps/step.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';
import { type StageState, stepKey } from './stage-state.ts';

/** Takes the result from an earlier build, or does the step; the stage's state is what it left. One at a time does the same step. */
export async function executeStep(run: StageRun, step: Step): Promise<{ isCached: boolean }> {
  const position = progressOf(run.state).steps++;
  const found = (await throughShortcut(run, step)) ?? (await lookUpOrDo(run, { step, position }));
  return settle(run, { step, position, found });
}

/**
 * Takes the result of a step whose key is known without looking at files. Its history is worded as it was when it was done.
 * @returns undefined if there is none, here or in an imported cache
 */
export async function takeKnown(run: StageRun, key: string): Promise<{ isCached: boolean } | undefined> {
  const { build, state } = run;
  const { context, signal } = build;
  const step: Step = { inputs: [], createdBy: run.vertex.facts.step?.text ?? '' };
  using _ = await context.steps.acquire(key, { signal });
  const known = await context.layers.find(key, state.layers.at(-1));
  const found =
    known === undefined ? await fetch(run, { step, key, inputs: [] }) : { key, result: known, why: UNCHANGED };
  if (found === undefined) return undefined;
  const title = found.result.layers[0]?.title ?? step.createdBy;
  return settle(run, { step: { ...step, createdBy: title }, position: progressOf(state).steps++, found });
}

/** The stage goes on from what was found. */
function settle(
  run: StageRun,
  { step, position, found: { key, result, why } }: { step: Step; position: number; found: Found },
): { isCached: boolean } {
  const { build, state } = run;
  const slot = slotOf(run, position);
  const former = build.context.layers.memory.atSlot(slot);
  if (former?.key !== key || former.parent !== state.key)
    build.context.layers.memory.setSlot(slot, { key, parent: state.key });
  build.cache.hold(key);
  if (build.request.cacheTo.some(({ attributes }) => attributes.get('mounts') === 'true'))
    build.context.cacheMounts.mention(build.request.ref, build.context.layers.memory.mounts(key));
  const shortcut = remember(run, step, key);
  const traced = { ...result, key, parent: state.key, description: step.createdBy, stage: run.index };
  build.cache.trace({ ...traced, ...(shortcut !== undefined && { shortcut }) });
  run.vertex.step({ key, why, bytes: result.bytes });
  if (build.request.explain === true) run.vertex.note(why.text);
  noteStep(run, why);
  apply(run, { step, key }, result);
  step.done?.(key);
  return { isCached: isCached(why) || step.isReused?.() === true };
}

interface Found {
  key: string;
  result: StepResult;
  why: Explanation;
}

/** How entries of the history say that they are not of Docker's own builder. */
const COMMENT = 'buildkit.dockerfile.v0';

function apply(
  { build, state }: StageRun,
  { step, key }: { step: Step; key: string },
  { created, layers }: StepResult,
): void {
  const time = new Date(created).toISOString();
  const more = {
    ...(state.author !== undefined && { author: state.author }),
    ...(build.request.history !== 'classic' && { comment: COMMENT }),
  };
  // The builds that share a step may word it differently.
  const isOnly = layers.length === 1 && step.commit === undefined;
  state.key = key;
  state.created = time;
  for (const { layer, title } of layers) {
    state.layers.push(layer);
    state.history.push({ created: time, created_by: isOnly ? step.createdBy : title, ...more });
  }
  if (layers.length === 0 && step.isUntold !== true)
    state.history.push({ created: time, created_by: step.createdBy, ...more, empty_layer: true });
}

/** What was copied from layers that are the same was the same. */
async function throughShortcut(run: StageRun, step: Step): Promise<Found | undefined> {
  const { build, state } = run;
  const { layers } = build.context;
  if (step.shortcut === undefined || runsAnew(run)) return undefined;
  const diffIds = await settled(step.shortcut.layers);
  if (diffIds === undefined) return undefined;
  const shortcut = shortcutKey(state.key, step, diffIds);
  const key = layers.memory.follow(shortcut);
  const result = key === undefined ? undefined : await layers.find(key, state.layers.at(-1));
  if (key !== undefined && result !== undefined) return { key, result, why: UNCHANGED };
  const there = build.cache.imported?.follow(shortcut);
  if (there === undefined) return undefined;
  using _ = await build.context.steps.acquire(there, { signal: build.signal });
  return await fetch(run, { step, key: there, inputs: step.inputs });
}

function shortcutKey(before: string, { inputs, shortcut }: Step, diffIds: readonly string[]): string {
  return stepKey(before, [...inputs, ...(shortcut?.inputs ?? []), { name: 'layers', value: diffIds }]);
}

/** Diff ids of layers, if all are known by now. */
async function settled(layers: readonly Layer[]): Promise<readonly string[] | undefined> {
  return Promise.race([Promise.all(layers.map(({ diffId }) => diffId)), setImmediate(undefined)]);
}

/** The next build finds the step by what its files are taken from. */
function remember({ build, state }: StageRun, step: Step, key: string): Promise<string | undefined> | undefined {
  if (step.shortcut === undefined) return undefined;
  const before = state.key;
  return Promise.all(step.shortcut.layers.map(({ diffId }) => diffId)).then(
    (diffIds) => {
      const shortcut = shortcutKey(before, step, diffIds);
      build.context.layers.memory.shorten(shortcut, key);
      return shortcut;
    },
    () => undefined, // the next build looks at the files
  );
}

const UNCHANGED: Explanation = { reason: 'unchanged', text: 'as in an earlier build', changes: [] };
const SHARED: Explanation = { reason: 'shared', text: 'another build did it at the same time', changes: [] };
const ANEW: Explanation = { reason: 'no-cache', text: 'the build asks for it to be done anew', changes: [] };

async function lookUpOrDo(run: StageRun, { step, position }: { step: Step; position: number }): Promise<Found> {
  const { build, state } = run;
  const { context, signal } = build;
  const inputs = [...step.inputs, ...((await step.lateInputs?.()) ?? [])];
  const key = stepKey(state.key, inputs);
  const parent = state.layers.at(-1);
  if (runsAnew(run)) {
    using _ = await context.steps.acquire(key, { signal });
    return { key, result: await doStep(run, { step, key, inputs }), why: ANEW };
  }
  const known = await context.layers.find(key, parent);
  if (known !== undefined) return { key, result: known, why: UNCHANGED };
  // Who has to wait takes what the other build left, and does it itself if that was cancelled.
  using _ = await tellWaiting(run, context.steps.acquire(key, { signal }));
  const shared = await context.layers.find(key, parent);
  if (shared !== undefined) return { key, result: shared, why: SHARED };
  const imported = await fetch(run, { step, key, inputs });
  if (imported !== undefined) return imported;
  const why = explain(run, { key, inputs, position });
  return { key, result: await doStep(run, { step, key, inputs }), why };
}

const PATIENCE_MS = 1000;

async function tellWaiting({ vertex }: StageRun, turn: Promise<Disposable>): Promise<Disposable> {
  const timer = setTimeout(() => vertex.note('another build is doing the same, its result is waited for'), PATIENCE_MS);
  try {
    return await turn;
  } finally {
    clearTimeout(timer);
  }
}

interface Doing {
  step: Step;
  key: string;
  inputs: readonly StepInput[];
}

async function fetch(run: StageRun, { step, key, inputs }: Doing): Promise<Found | undefined> {
  const { build, state, vertex } = run;
  const { imported } = build.cache;
  if (imported === undefined) return undefined;
  const before = state.key;
  const result = await imported.fetch({
    key,
    title: step.createdBy,
    stack: [...state.layers],
    isDeferred: !isPartOfResult(run),
    arrived: (left) => record(run, { step, key, inputs, before }, left),
    warn: (text) => vertex.note(text),
    signal: build.signal,
  });
  if (result === undefined) return undefined;
  const why: Explanation = { reason: 'imported', text: `taken from the cache ${result.from}`, changes: [] };
  return { key, result, why };
}

/** Whether the result of the build has the layers of this stage; of others only files are taken. */
function isPartOfResult({ build, index }: StageRun): boolean {
  const { target, stages: planned } = build.plan;
  for (let at: typeof target | undefined = target; at !== undefined;) {
    if (at.stage.index === index) return true;
    const below: number | undefined = at.baseStage?.index;
    at = planned.find(({ stage }) => stage.index === below);
  }
  return false;
}

function record(
  { build }: StageRun,
  { step, key, inputs, before }: Doing & { before: string },
  result: StepResult,
): void {
  const { context } = build;
  const { layers, created } = result;
  const isReplaced = context.layers.record({
    key,
    parent: before,
    layers,
    inputs,
    description: step.createdBy,
    created,
  });
  if (isReplaced) context.cleaning.want();
}

function explain(
  run: StageRun,
  { key, inputs, position }: { key: string; inputs: readonly StepInput[]; position: number },
): Explanation {
  const { build, state } = run;
  const { memory } = build.context.layers;
  const slot = memory.atSlot(slotOf(run, position));
  const former = slot === undefined ? undefined : { ...slot, inputs: memory.inputs(slot.key) };
  const base = position === 0 ? baseOf(run) : undefined;
  return explainStep({ key, parent: state.key, inputs, base, ...beginningsOf(run) }, former);
}

function baseOf({ build, index }: StageRun): string {
  const planned = build.plan.stages.find(({ stage }) => stage.index === index);
  const { baseStage, base = '' } = planned ?? {};
  return baseStage === undefined ? `base image ${base}` : `stage ${baseStage.from.name ?? baseStage.index}`;
}

/** How far a stage has come. */
interface Progress {
  steps: number;
}

const stages = new WeakMap<StageState, Progress>();

function progressOf(state: StageState): Progress {
  const progress = stages.get(state) ?? { steps: 0 };
  stages.set(state, progress);
  return progress;
}

/** Where a step stands, so that the next build of the same thing finds the one before it. */
function slotOf({ build, index }: StageRun, position: number): string {
  const { request, platform, files } = build;
  const names = request.outputs.map(({ attributes }) => attributes.get('name') ?? '');
  const place = [request.context.title, files.dockerfile.name, request.target, names, formatPlatform(platform)];
  return sha256(JSON.stringify([...place, index, position]));
}

function runsAnew({ build, index }: StageRun): boolean {
  const { noCache } = build.request;
  if (noCache === 'all') return true;
  const name = build.plan.program.stages[index]?.from.name ?? `${index}`;
  return noCache.some((wanted) => wanted.toLowerCase() === name);
}

async function doStep(run: StageRun, { step, key, inputs }: Doing): Promise<StepResult> {
  const { build, state, vertex } = run;
  const { context, signal } = build;
  let layers: readonly StepLayer[] = [];
  if (step.run !== undefined) {
    await using workspace = await openWorkspace(context, state.layers.at(-1));
    const name = workspace.name.slice(-12);
    if (step.isProcess === true) vertex.running(name);
    await step.run(workspace);
    if (signal.aborted) throw new CancelledError('build cancelled', { cause: signal.reason });
    if (await hasChanges(context, workspace.name)) layers = await commit(step, workspace);
    if (step.isProcess === true) vertex.removed(name);
  }
  const result = { created: Date.now(), layers, bytes: await context.layers.bytes(layers) };
  record(run, { step, key, inputs, before: state.key }, result);
  // Stages that run at the same time may add theirs: what is exported is then a little more.
  const mounts = step.isProcess === true ? context.cacheMounts.usedBy(build.request.ref) : [];
  if (mounts.length > 0)
    context.layers.memory.addMounts(
      key,
      mounts.map((mount) => mount.key),
    );
  return result;
}

async function commit(step: Step, workspace: Workspace): Promise<readonly StepLayer[]> {
  if (step.commit !== undefined) return step.commit(workspace);
  return [{ layer: await workspace.commit(), title: step.createdBy }];
}

async function hasChanges({ snapshots }: BuildRun['context'], name: string): Promise<boolean> {
  for await (const _ of snapshots.changes(name)) return true;
  return false;
}
