import { DockerfileError, locate } from './dockerfile-error.ts';
import { expandOrNothing, type GlobalArgs, globalArgs, type Reading } from './global-args.ts';
import type { StageInstruction } from './instruction.ts';
import { parseMountFlag } from './mount-flag.ts';
import { nearest } from './nearest.ts';
import type { Program, Stage } from './program.ts';
import { triggerOf } from './read-trigger.ts';

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

/** Finds what the stages of a Dockerfile need. @throws {DockerfileError} if there is no such target */
export function stageGraph(program: Program, reading: Reading = {}): StageGraph {
  const globals = globalArgs(program, reading);
  const earlier = new Map<string, Stage>();
  const found = program.stages.map((stage) => {
    const described = describeStage({ program, globals, earlier }, stage);
    if (stage.from.name !== undefined) earlier.set(stage.from.name, stage);
    return described;
  });
  const target = targetOf(program, reading.target ?? '');
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

interface Surroundings {
  program: Program;
  globals: GlobalArgs;
  /** Stages before it that have a name; the last one of a name counts. */
  earlier: ReadonlyMap<string, Stage>;
}

function describeStage({ program, globals, earlier }: Surroundings, stage: Stage): Found {
  const { word: base } = expandOrNothing(stage.from.base, globals.variables, program.directives.escape);
  const baseStage = earlier.get(base.toLowerCase());
  const numbered = (name: string): Stage | undefined =>
    /^\d+$/.test(name) && Number(name) < stage.index ? program.stages[Number(name)] : undefined;
  const own: StageNeed = { from: base, stage: baseStage, by: 'FROM', line: stage.from.node.line };
  const triggers = baseStage?.instructions.flatMap(triggerOf) ?? [];
  const others = [...triggers, ...stage.instructions].flatMap((instruction) =>
    sourcesOf(instruction).map(({ from, by }): StageNeed => {
      return { from, by, stage: earlier.get(from.toLowerCase()) ?? numbered(from), line: instruction.node.line };
    }),
  );
  return { stage, label: stageLabel(stage), base, baseStage, needs: [own, ...others] };
}

function sourcesOf(instruction: StageInstruction): Pick<StageNeed, 'from' | 'by'>[] {
  if (instruction.kind === 'copy') {
    const { from } = instruction;
    return from === undefined || from === '' ? [] : [{ from, by: 'COPY' }];
  }
  if (instruction.kind !== 'run') return [];
  return instruction.mounts.flatMap((mount): Pick<StageNeed, 'from' | 'by'>[] => {
    const from = mountSource(mount);
    return from === '' ? [] : [{ from, by: 'RUN --mount' }];
  });
}

function mountSource(mount: string): string {
  try {
    return parseMountFlag(mount).from;
  } catch {
    return ''; // a broken mount is told where mounts are checked
  }
}

function needsOf(stage: Found | undefined): number[] {
  return stage?.needs.flatMap((need) => (need.stage === undefined ? [] : [need.stage.index])) ?? [];
}

function baseOf(stage: Found | undefined): number[] {
  return stage?.baseStage === undefined ? [] : [stage.baseStage.index];
}

function reach(from: readonly number[], next: (index: number) => readonly number[]): Set<number> {
  const reached = new Set<number>();
  const pending = [...from];
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    pending.push(...next(index));
  }
  return reached;
}

function targetOf({ stages, source }: Program, target: string): Stage {
  const named = stages.findLast(({ from }) => target !== '' && from.name === target.toLowerCase());
  const found = target === '' ? stages.at(-1) : (named ?? (/^\d+$/.test(target) ? stages[Number(target)] : undefined));
  if (found !== undefined) return found;
  const names = stages.flatMap(({ from }) => (from.name === undefined ? [] : [from.name]));
  const close = nearest(target, names);
  const last = stages.at(-1)?.from.node ?? { line: 1, endLine: 1 };
  throw new DockerfileError(
    `target stage ${JSON.stringify(target)} could not be found${close === undefined ? '' : ` (did you mean ${close}?)`}`,
    {
      source,
      location: locate(source, last, ''),
      hint: names.length === 0 ? 'no stage of the Dockerfile has a name' : `the stages are ${names.join(', ')}`,
    },
  );
}
