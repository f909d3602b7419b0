import type { StageInstruction } from '#dockerfile/instruction.ts';
import { instructionTitle } from '#dockerfile/instruction-title.ts';
import { readTrigger } from '#dockerfile/read-trigger.ts';
import type { BuildRun, StageRun } from '../build-run.ts';
import { stagesTaken } from '../cache/change-trail.ts';
import type { Vertex, VertexFacts } from '../progress/events.ts';
import { failedOutcome } from '../progress/report.ts';
import { labelsStep } from '../steps/config-step.ts';
import { prepareStep } from '../steps/prepare-step.ts';
import { beginStage } from './begin-stage.ts';
import { executeStep } from './execute-step.ts';
import type { PlannedStage } from './plan.ts';
import type { StageState } from './stage-state.ts';
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
  for (const instruction of stage.instructions) await perform(run, { planned, progress, instruction });
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

async function perform(
  run: StageRun,
  { planned, progress, instruction }: { planned: PlannedStage; progress: Progress; instruction: StageInstruction },
): Promise<void> {
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
  await withLocation(run, { node }, () => performStep({ ...run, vertex }, () => instruction));
}

async function performStep(run: StageRun, read: () => StageInstruction): Promise<void> {
  try {
    run.build.signal.throwIfAborted();
    const instruction = read();
    const step = await prepareStep(run, instruction);
    await using _ = step.resources ?? new AsyncDisposableStack();
    const { isCached } = await executeStep({ ...run, takesFrom: stagesTaken(run, instruction) }, step);
    run.vertex.complete({ isCached, result: run.state.key.slice(0, 12) });
  } catch (error) {
    run.vertex.complete(failedOutcome(error));
    throw error;
  }
}
