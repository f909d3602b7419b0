import type { StageInstruction } from '#dockerfile/instruction.ts';
import { instructionTitle } from '#dockerfile/instruction-title.ts';
import { readTrigger } from '#dockerfile/read-trigger.ts';
import type { BuildRun, StageRun } from '../build-run.ts';
import { stagesTaken } from '../cache/change-trail.ts';
import { hasInlineCache } from '../cache/inline-cache.ts';
import type { Vertex, VertexFacts } from '../progress/events.ts';
import { failedOutcome } from '../progress/report.ts';
import { labelsStep } from '../steps/config-step.ts';
import { prepareStep } from '../steps/prepare-step.ts';
import { beginStage } from './begin-stage.ts';
import type { Step } from '../steps/step.ts';
import { executeStep, takeKnown } from './execute-step.ts';
import type { PlannedStage } from './plan.ts';
import type { StageState } from './stage-state.ts';
import { originOf } from './stage-origin.ts';
import { stageTitle, withLocation } from './stage-title.ts';

/** Numbers that the lines `Step 3/7` show. */
export interface StepCounter {
  /** Of the stage's FROM. */
  first: number;
  total: number;
}

/** Instructions that change files: BuildKit's clients are shown these, numbered in their stage. */
const MAJOR = ['run', 'copy', 'add', 'workdir'];

interface Progress {
  id: string;
  counter: StepCounter;
  /** Classic number of the next step. */
  next: number;
  /** Number in the stage of the next step that changes files. */
  nextMajor: number;
  majors: number;
  last: VertexFacts | undefined;
}

/** Builds one stage: FROM, its triggers, then instruction by instruction. */
export async function buildStage(
  build: BuildRun,
  planned: PlannedStage,
  { id, counter }: { id: string; counter: StepCounter },
): Promise<StageState> {
  const { stage } = planned;
  const { target } = build.plan;
  const majors = stage.instructions.filter(({ kind }) => MAJOR.includes(kind)).length + 1;
  const progress: Progress = { id, counter, next: counter.first, nextMajor: 1, majors, last: undefined };
  const { state, triggers, vertex } = await begin(build, planned, progress);
  const run = { build, state, index: stage.index, vertex };
  await runTriggers(run, planned, triggers);
  for (const [at, instruction] of stage.instructions.entries())
    await perform(run, { planned, progress, instruction, later: stage.instructions.slice(at + 1) });
  if (stage.index === target.stage.index && build.request.labels.size > 0) {
    const text = `LABEL ${[...build.request.labels].map(([name, value]) => `${name}=${value}`).join(' ')}`;
    const labelling = build.report.start({ name: text, stage: id, isMinor: true, step: classicStep(progress, text) });
    const { isCached } = await executeStep({ ...run, vertex: labelling }, labelsStep(run, build.request.labels));
    labelling.complete({ isCached, result: run.state.key.slice(0, 12) });
  }
  return run.state;
}

interface Begun {
  state: StageState;
  triggers: readonly string[];
  vertex: Vertex;
}

async function begin(build: BuildRun, planned: PlannedStage, progress: Progress): Promise<Begun> {
  const { node } = planned.stage.from;
  const name = `${stageTitle(build, planned, { number: progress.nextMajor++, total: progress.majors })} FROM ${planned.base}`;
  const vertex = build.report.start({
    name,
    stage: progress.id,
    step: classicStep(progress, node.original),
    lines: { start: node.line, end: node.endLine },
  });
  progress.last = vertex.facts;
  try {
    const beginning = await beginStage(build, planned, vertex);
    vertex.complete({ isCached: false, result: beginning.name });
    return { state: beginning.stage, triggers: beginning.triggers, vertex };
  } catch (error) {
    vertex.complete(failedOutcome(error));
    throw error;
  }
}

function classicStep(progress: Progress, text: string): VertexFacts['step'] {
  return { number: progress.next++, total: progress.counter.total, text };
}

/** Triggers belong to FROM: they have no numbers of their own, and its place in the Dockerfile. */
async function runTriggers(run: StageRun, { stage, base }: PlannedStage, triggers: readonly string[]): Promise<void> {
  if (triggers.length === 0) return;
  const { node } = stage.from;
  run.vertex.note(`# Executing ${triggers.length} build trigger${triggers.length === 1 ? '' : 's'}`);
  for (const text of triggers) {
    const vertex = run.build.report.start({
      name: `[ONBUILD] ${text}`,
      inputs: [run.vertex.facts.digest],
      lines: { start: node.line, end: node.endLine },
    });
    const why = `${base} has every build on top of it do this: ONBUILD ${text}`;
    await withLocation(run, { node, why }, () => performStep({ ...run, vertex }, () => readTrigger(text)));
  }
}

interface Performing {
  planned: PlannedStage;
  progress: Progress;
  instruction: StageInstruction;
  /** Those that follow in the stage. */
  later: readonly StageInstruction[];
}

async function perform(run: StageRun, { planned, progress, instruction, later }: Performing): Promise<void> {
  const { node } = instruction;
  const isMinor = !MAJOR.includes(instruction.kind);
  const title = isMinor
    ? ''
    : `${stageTitle(run.build, planned, { number: progress.nextMajor++, total: progress.majors })} `;
  const vertex = run.build.report.start({
    name: `${title}${instructionTitle(instruction)}`,
    inputs: progress.last === undefined ? [] : [progress.last.digest],
    stage: progress.id,
    step: classicStep(progress, node.original),
    lines: { start: node.line, end: node.endLine },
    isMinor,
  });
  if (!isMinor) progress.last = vertex.facts;
  await withLocation(run, { node }, () => performStep({ ...run, vertex }, () => instruction, later));
}

async function performStep(
  plain: StageRun,
  ...[read, later = []]: [read: () => StageInstruction, later?: readonly StageInstruction[]]
): Promise<void> {
  const { build, vertex, state } = plain;
  try {
    build.signal.throwIfAborted();
    const instruction = read();
    const run = { ...plain, takesFrom: stagesTaken(plain, instruction) };
    const origin = usesOrigins(build) ? originOf(run, instruction) : undefined;
    const { isCached } = (await takeByOrigin(run, origin)) ?? (await prepareAndExecute(run, { instruction, later }));
    if (origin !== undefined) build.cache.nameOrigin(state.key, origin);
    vertex.complete({ isCached, result: state.key.slice(0, 12) });
  } catch (error) {
    vertex.complete(failedOutcome(error));
    throw error;
  }
}

/** Only caches that go elsewhere may lack a stage that something was copied from. */
function usesOrigins({ request, deferred }: BuildRun): boolean {
  return (deferred?.size ?? 0) > 0 || request.cacheTo.length > 0 || hasInlineCache(request);
}

/** What is copied from a stage that was put off may be known without it. */
async function takeByOrigin(
  run: StageRun,
  origin: Promise<string | undefined> | undefined,
): Promise<{ isCached: boolean } | undefined> {
  const { build, takesFrom = [] } = run;
  const isPutOff = takesFrom.some((index) => build.deferred?.has(index) === true && !build.results.has(index));
  const name = isPutOff ? await origin : undefined;
  const key = name === undefined ? undefined : build.cache.imported?.follow(name);
  return key === undefined ? undefined : takeKnown(run, key);
}

async function prepareAndExecute(
  run: StageRun,
  { instruction, later }: { instruction: StageInstruction; later: readonly StageInstruction[] },
): Promise<{ isCached: boolean }> {
  const step = await prepareStep(run, instruction);
  await using _ = step.resources ?? new AsyncDisposableStack();
  const work = step.run;
  if (work === undefined || (run.build.deferred?.size ?? 0) === 0) return await executeStep(run, step);
  const startLater = (): void => {
    for (const index of later.flatMap((next) => stagesTaken(run, next))) startStage(run.build, index);
  };
  const doing: Step['run'] = async (workspace) => {
    startLater(); // after a step that is done anew nothing is found any more
    await work(workspace);
  };
  return await executeStep(run, { ...step, run: doing });
}

function startStage({ require }: BuildRun, index: number): void {
  require?.(index).catch(() => {}); // whoever needs it hears of its failure
}
