import type { CopyInstruction, StageInstruction } from '#dockerfile/instruction.ts';
import { stageLabel } from '#dockerfile/stage-graph.ts';
import type { BuildRun, StageRun } from '../build-run.ts';
import { stagesTaken } from '../cache/change-trail.ts';
import type { Vertex } from '../progress/events.ts';
import { prepareStep } from '../steps/prepare-step.ts';
import type { Step, StepInput } from '../steps/step.ts';
import { beginStage, continueStage } from './begin-stage.ts';
import type { PlannedStage } from './plan.ts';
import { type StageState, stepKey } from './stage-state.ts';

/**
 * Names what a COPY takes of another stage by how that stage is made, not by what it came to: known without building the stage. Two builds of
 * the stage may differ; as with every step, the first one's result counts until something that it is made of changes.
 * @returns undefined for an instruction that takes nothing of a stage
 */
export function originOf(run: StageRun, instruction: StageInstruction): Promise<string | undefined> | undefined {
  const [from] = run.takesFrom ?? [];
  if (instruction.kind !== 'copy' || from === undefined) return undefined;
  const before = run.state.key;
  const inputs = copyInputs(run, instruction);
  return definitionOf(run.build, from).then((made) =>
    made === undefined ? undefined : stepKey(before, [{ name: 'origin', value: made.key }, ...inputs]),
  );
}

/** A stage as it would be, with no files. */
interface Definition {
  key: string;
  state: StageState;
}

const definitions = new WeakMap<BuildRun, Map<number, Promise<Definition | undefined>>>();

function definitionOf(build: BuildRun, index: number): Promise<Definition | undefined> {
  const known = definitions.get(build) ?? new Map<number, Promise<Definition | undefined>>();
  definitions.set(build, known);
  const found = known.get(index) ?? define(build, index);
  known.set(index, found);
  return found;
}

/** Undefined for one that cannot be told without building it; what is wrong with it is told when it is built. */
async function define(build: BuildRun, index: number): Promise<Definition | undefined> {
  const planned = build.plan.all[index];
  if (planned === undefined) return undefined;
  const vertex = build.report.start({ name: `[internal] look up stage ${stageLabel(planned.stage)}` });
  try {
    return await follow(build, planned, vertex);
  } catch {
    build.signal.throwIfAborted();
    return undefined;
  } finally {
    vertex.complete({ isCached: false });
  }
}

async function follow(build: BuildRun, planned: PlannedStage, vertex: Vertex): Promise<Definition | undefined> {
  const begun = await begin(build, planned, vertex);
  if (begun === undefined) return undefined;
  const { state } = begun;
  for (const instruction of planned.stage.instructions) {
    const run = { build, state, index: planned.stage.index, vertex };
    const inputs = await inputsOf({ ...run, takesFrom: stagesTaken(run, instruction) }, instruction);
    if (inputs === undefined) return undefined;
    state.key = stepKey(state.key, inputs);
  }
  return { key: state.key, state };
}

async function begin(
  build: BuildRun,
  planned: PlannedStage,
  vertex: Vertex,
): Promise<{ state: StageState } | undefined> {
  const { baseStage, named } = planned;
  if (named?.kind === 'files') return undefined;
  const before =
    baseStage === undefined || named !== undefined ? undefined : await definitionOf(build, baseStage.index);
  if (baseStage !== undefined && named === undefined && before === undefined) return undefined;
  const { stage, triggers } =
    before === undefined ? await beginStage(build, planned, vertex) : continueStage(build, before.state);
  return triggers.length > 0 ? undefined : { state: stage };
}

/** All that the result of an instruction depends on; its effect on the config is there when this settles. */
async function inputsOf(run: StageRun, instruction: StageInstruction): Promise<readonly StepInput[] | undefined> {
  const [from] = run.takesFrom ?? [];
  if (instruction.kind === 'copy' && from !== undefined) {
    const made = await definitionOf(run.build, from);
    return made === undefined ? undefined : [{ name: 'origin', value: made.key }, ...copyInputs(run, instruction)];
  }
  // Files of a stage are mounted, or something is fetched: that is done once, when the stage is built.
  if (from !== undefined || (instruction.kind === 'add' && instruction.sources.some(isElsewhere))) return undefined;
  const step = await prepareStep(run, instruction);
  await using _ = step.resources ?? new AsyncDisposableStack();
  return [...step.inputs, ...(await lateInputs(step))];
}

/** Layers stand for the files that are taken of them. */
async function lateInputs({ shortcut, lateInputs: late }: Step): Promise<readonly StepInput[]> {
  if (shortcut === undefined) return (await late?.()) ?? [];
  const diffIds = await Promise.all(shortcut.layers.map(({ diffId }) => diffId));
  return [...shortcut.inputs, { name: 'layers', value: diffIds }];
}

function isElsewhere(source: string): boolean {
  return /:\/\/|^git@|\$/.test(source);
}

function copyInputs({ state }: StageRun, instruction: CopyInstruction): StepInput[] {
  const { sources, target, chown, chmod, link, parents, exclude, heredocs } = instruction;
  const [words, leftOut] = [sources, exclude].map((list) => list.map((word) => state.scope.expand(word)));
  const more = [chown, chmod].map((text) => (text === undefined ? '' : state.scope.expand(text)));
  const place = [state.config.WorkingDir ?? '/', state.scope.expand(target)];
  const texts = heredocs.map(({ content }) => content);
  return [{ name: 'copy', value: [words, leftOut, place, more, link, parents, texts] }];
}
