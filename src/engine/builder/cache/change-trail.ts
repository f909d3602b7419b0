import { stageLabel } from '#dockerfile/stage-graph.ts';
import { findFrom, sourcesOf } from '#dockerfile/stage-sources.ts';
import type { StageInstruction } from '#dockerfile/instruction.ts';
import type { BuildRun, StageRun } from '../build-run.ts';
import { type Explanation, isCached } from './explanation.ts';
import { type Cause, listChanges } from './explain-step.ts';

/** What was done anew in a stage up to now. */
interface Trail {
  /** The last step of those, as people see it. */
  last?: string;
  /** The step that the others follow from. */
  cause?: Cause;
}

const TOLD_CHANGES = 2;

const trails = new WeakMap<BuildRun, Map<number, Trail>>();

function trailOf(build: BuildRun, index: number): Trail {
  const ofBuild = trails.get(build) ?? new Map<number, Trail>();
  trails.set(build, ofBuild);
  const trail = ofBuild.get(index) ?? {};
  ofBuild.set(index, trail);
  return trail;
}

/** What a step that is done anew may follow from: the step before it, or what another stage came to. */
export function beginningsOf({ build, index, takesFrom = [] }: StageRun): {
  before: string | undefined;
  cause: Cause | undefined;
  taken: Cause | undefined;
} {
  const { last, cause } = trailOf(build, index);
  const base = build.plan.all[index]?.baseStage;
  const taken = takesFrom.map((stage) => causeIn(build, stage)).find((found) => found !== undefined);
  return { before: last, cause: cause ?? (base === undefined ? undefined : causeIn(build, base.index)), taken };
}

function causeIn(build: BuildRun, index: number): Cause | undefined {
  const { cause } = trailOf(build, index);
  const stage = build.plan.program.stages[index];
  if (cause === undefined || stage === undefined || cause.stage !== undefined) return cause;
  return { ...cause, stage: stageLabel(stage) };
}

/** Remembers how a step came to its result, for those that follow from it. */
export function noteStep(run: StageRun, why: Explanation): void {
  if (isCached(why)) return;
  const step = run.vertex.facts.name.replace(/^\[[^\]]*\] /, '');
  const { cause, taken } = beginningsOf(run);
  const trail = trailOf(run.build, run.index);
  trail.last = step;
  trail.cause = cause ?? taken ?? ownCause(run, step, why);
}

function ownCause({ build, index }: StageRun, step: string, { reason, changes }: Explanation): Cause {
  if (reason === 'base')
    return { step: `FROM ${build.plan.all[index]?.base ?? ''}`, changes: 'the image changed', stage: undefined };
  return { step, changes: reason === 'changed' ? listChanges(changes, TOLD_CHANGES) : '', stage: undefined };
}

/** Numbers of the stages that an instruction takes files from. */
export function stagesTaken({ build, index }: StageRun, instruction: StageInstruction): number[] {
  return sourcesOf(instruction).flatMap(({ from }) => {
    const stage = findFrom(build.plan.program, from, index);
    return stage === undefined || stage === 'later' ? [] : [stage.index];
  });
}
