import { cleanPath } from '../clean-path.ts';
import { expandOrNothing, type Reading } from '../global-args.ts';
import type { Variables } from '../expand.ts';
import type { PairsInstruction, ArgInstruction, StageInstruction } from '../instruction.ts';
import type { Program } from '../program.ts';
import { type GraphStage, stageGraph, type StageGraph } from '../stage-graph.ts';
import type { ImageFacts, LintFacts } from './facts.ts';

/** A Dockerfile as rules look at it. */
export interface LintSubject {
  program: Program;
  graph: StageGraph;
  /** All stages, in the file's order. */
  all: readonly StageView[];
  /** Those that are built. */
  stages: readonly StageView[];
  facts: LintFacts;
  reading: Reading;
}

export interface StageView extends GraphStage {
  steps: readonly StepView[];
  /** The stage that it begins with. */
  below: StageView | undefined;
  /** The image that it, or a stage below it, begins with; undefined if that is not known. */
  image: ImageFacts | undefined;
  /** Name of that image. */
  imageName: string;
  isTarget: boolean;
  /** Variables at its end. */
  end: Scope & { env: ReadonlyMap<string, string>; args: ReadonlyMap<string, string>; workdir: string };
}

export interface StepView {
  instruction: StageInstruction;
  /** What it sees. */
  scope: Scope;
  /** Folder that relative paths go on from, as far as it is known. */
  workdir: string;
}

/** Variables at a place in a stage. */
export interface Scope {
  variables: Variables;
  /** Names of ARG lines, also of those without a value. */
  declared: ReadonlySet<string>;
  /** Whether nothing else can be set. */
  isWhole: boolean;
  expand(text: string): { word: string; missing: string[]; isBroken: boolean };
}

const NOTHING: ImageFacts = { env: new Map(), user: '', hasShell: false, hasHealthcheck: false, hasCuda: false };
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Files with more instructions are written by programs, for programs. */
const LIMIT_INSTRUCTIONS = 3000;

/** Whether a Dockerfile is too long to be looked at closely. */
export function isTooLong({ stages }: Program): boolean {
  return stages.reduce((sum, { instructions }) => sum + instructions.length + 1, 0) > LIMIT_INSTRUCTIONS;
}

/** @throws {DockerfileError} if there is no such target */
export function lintSubject(
  program: Program,
  { reading, facts, isForAll }: { reading: Reading; facts: LintFacts; isForAll: boolean },
): LintSubject {
  const graph = stageGraph(program, reading);
  const all: StageView[] = [];
  for (const stage of graph.stages) all.push(viewStage(stage, { graph, facts, reading, before: all }));
  // A context of a stage's name stands for the whole stage.
  const isGiven = ({ stage: { from } }: StageView): boolean =>
    from.name !== undefined && facts.isNamedContext?.(from.name) === true;
  const stages = all.filter((stage) => (isForAll || stage.isReached) && !isGiven(stage));
  return { program, graph, all, stages, facts, reading };
}

interface Surroundings {
  graph: StageGraph;
  facts: LintFacts;
  reading: Reading;
  before: readonly StageView[];
}

function viewStage(stage: GraphStage, { graph, facts, reading, before }: Surroundings): StageView {
  const below = stage.baseStage === undefined ? undefined : before[stage.baseStage.index];
  const own = stage.base === 'scratch' ? NOTHING : facts.image?.(stage.base);
  const image = below === undefined ? own : below.image;
  const state: State = {
    escape: graph.program.directives.escape,
    env: new Map(below?.end.env ?? [['PATH', USUAL_PATH] as const, ...(image?.env ?? [])]),
    args: new Map(below?.end.args),
    declared: new Set(below?.end.declared),
    isWhole: image !== undefined,
  };
  let workdir = below?.end.workdir ?? '/';
  const steps = stage.stage.instructions.map((instruction): StepView => {
    const scope = scopeOf(state);
    const folder = workdir;
    if (instruction.kind === 'workdir') workdir = resolvePath(scope.expand(instruction.value).word, workdir);
    if (instruction.kind === 'arg') declare(state, instruction, { graph, reading });
    if (instruction.kind === 'env') setEnv(state, instruction, scope);
    return { instruction, scope, workdir: folder };
  });
  const imageName = below?.imageName ?? stage.base;
  const isTarget = stage.stage.index === graph.target.stage.index;
  const end = { ...scopeOf(state), env: state.env, args: state.args, workdir };
  return { ...stage, steps, below, image, imageName, isTarget, end };
}

/** The instructions of several stages, one after another. */
export function stepsOf(stages: readonly StageView[]): StepView[] {
  return stages.flatMap(({ steps }) => steps);
}

/** A path in the image, from the folder that relative ones go on from. */
export function resolvePath(path: string, workdir: string): string {
  return cleanPath(path.startsWith('/') ? path : `${workdir}/${path}`);
}

interface State {
  escape: string;
  env: Map<string, string>;
  args: Map<string, string>;
  declared: Set<string>;
  isWhole: boolean;
}

function scopeOf({ escape, env, args, declared, isWhole }: State): Scope {
  const variables = new Map([...args, ...env]);
  return {
    variables,
    declared: new Set(declared),
    isWhole,
    expand: (text) => expandOrNothing(text, variables, escape),
  };
}

function declare(
  state: State,
  { args }: ArgInstruction,
  { graph, reading }: { graph: StageGraph; reading: Reading },
): void {
  for (const { name, value } of args) {
    const scope = scopeOf(state);
    const given =
      reading.buildArgs?.get(name) ??
      (value === undefined ? graph.globals.variables.get(name) : scope.expand(value).word);
    state.declared.add(name);
    if (given === undefined) state.args.delete(name);
    else state.args.set(name, given);
  }
}

function setEnv(state: State, { pairs }: PairsInstruction, scope: Scope): void {
  for (const { name, value } of pairs) state.env.set(scope.expand(name).word, scope.expand(value).word);
}
