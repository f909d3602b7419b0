import { expandOrNothing, type GlobalArgs, globalArgs, type Reading } from './global-args.ts';
import type { Program, Stage } from './program.ts';
import { findFrom, findStage, findTarget, reach, sourcesOfStage } from './stage-sources.ts';

/** Something that a stage takes from another stage or from an image. */
export interface StageNeed {
  /** As it is written: a stage's name or number, or an image. */
  from: string;
  /** Undefined for an image, and for a stage that is not before this one. */
  stage: Stage | undefined;
  by: 'FROM' | 'COPY' | 'RUN --mount';
  line: number;
}

export interface GraphStage {
  stage: Stage;
  /** Its name, or `stage-<index>`. */
  label: string;
  /** The word behind FROM with variables replaced. */
  base: string;
  /** Stage that it begins with; undefined for an image. */
  baseStage: Stage | undefined;
  needs: readonly StageNeed[];
  /** Whether the target needs it. */
  isReached: boolean;
  /** Whether its files are in the target's result. */
  isInResult: boolean;
}

/** Which stages there are, what they need of each other, and what of it a target reaches. */
export interface StageGraph {
  program: Program;
  globals: GlobalArgs;
  /** In the file's order. */
  stages: readonly GraphStage[];
  target: GraphStage;
}

/** Finds what the stages of a Dockerfile need. @throws {InvalidArgumentError} if there is no such target */
export function stageGraph(program: Program, reading: Reading = {}): StageGraph {
  const globals = globalArgs(program, reading);
  const found = program.stages.map((stage) => describeStage(program, globals, stage));
  const target = findTarget(program, reading.target ?? '');
  const reached = reach([target.index], (index) => needsOf(found[index]));
  const inResult = reach([target.index], (index) => baseOf(found[index]));
  const stages = found.map((stage, index) => ({
    ...stage,
    isReached: reached.has(index),
    isInResult: inResult.has(index),
  }));
  return { program, globals, stages, target: stages[target.index] as GraphStage };
}

/** How people name a stage. */
export function stageLabel({ from, index }: Stage): string {
  return from.name ?? `stage-${index}`;
}

type Found = Omit<GraphStage, 'isReached' | 'isInResult'>;

function describeStage(program: Program, globals: GlobalArgs, stage: Stage): Found {
  const { word: base } = expandOrNothing(stage.from.base, globals.variables, program.directives.escape);
  const baseStage = findStage(program, base, stage.index);
  const own: StageNeed = { from: base, stage: baseStage, by: 'FROM', line: stage.from.node.line };
  const others = sourcesOfStage(stage, baseStage).map(({ from, by, instruction }): StageNeed => {
    const source = findFrom(program, from, stage.index);
    return { from, by, stage: source === 'later' ? undefined : source, line: instruction.node.line };
  });
  return { stage, label: stageLabel(stage), base, baseStage, needs: [own, ...others] };
}

function needsOf(stage: Found | undefined): number[] {
  return stage?.needs.flatMap((need) => (need.stage === undefined ? [] : [need.stage.index])) ?? [];
}

function baseOf(stage: Found | undefined): number[] {
  return stage?.baseStage === undefined ? [] : [stage.baseStage.index];
}
