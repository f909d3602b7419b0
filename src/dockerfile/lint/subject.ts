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
  end: Scope & { log: readonly Change[]; workdir: string };
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
  variables(): Variables;
  /** Names of ARG lines, also of those without a value. */
  declared(): ReadonlySet<string>;
  /** Whether nothing else can be set. */
  isWhole: boolean;
  expand(text: string): { word: string; missing: string[]; isBroken: boolean };
}

const NOTHING: ImageFacts = { env: new Map(), user: '', hasShell: false, hasHealthcheck: false, hasCuda: false };
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Files with more instructions are written by programs, for programs. */
const LIMIT_INSTRUCTIONS = 1000;

/** Whether a Dockerfile is too long to be looked at closely. */
export function isTooLong({ stages }: Program): boolean {
  return stages.reduce((sum, { instructions }) => sum + instructions.length + 1, 0) > LIMIT_INSTRUCTIONS;
}

/** @throws {InvalidArgumentError} if there is no such target */
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
    before: below?.end.log ?? [['PATH', USUAL_PATH] as const, ...(image?.env ?? [])].map(toEnv),
    log: [],
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
  const end = { ...scopeOf(state), log: [...state.before, ...state.log], workdir };
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

/** What one name of ENV or ARG brings; an ARG may have no value. */
interface Change {
  kind: 'env' | 'arg';
  name: string;
  value: string | undefined;
}

function toEnv([name, value]: readonly [string, string]): Change {
  return { kind: 'env', name, value };
}

interface State {
  escape: string;
  /** What the stage begins with. */
  before: readonly Change[];
  /** What its instructions have set since. */
  log: Change[];
  isWhole: boolean;
}

/** Most instructions ask for no variable: these are put together when one does. */
function scopeOf({ escape, before, log, isWhole }: State): Scope {
  const { length } = log;
  const changes = (): Change[] => [...before, ...log.slice(0, length)];
  const variables = (): Map<string, string> => {
    const [env, args] = [new Map<string, string>(), new Map<string, string>()];
    for (const { kind, name, value } of changes())
      if (value === undefined) args.delete(name);
      else (kind === 'env' ? env : args).set(name, value);
    return new Map([...args, ...env]);
  };
  return {
    variables,
    declared: () => new Set(changes().flatMap(({ kind, name }) => (kind === 'arg' ? [name] : []))),
    isWhole,
    expand: (text) => expandOrNothing(text, text.includes('$') ? variables() : NO_VARIABLES, escape),
  };
}

const NO_VARIABLES: Variables = new Map();

function declare(
  state: State,
  { args }: ArgInstruction,
  { graph, reading }: { graph: StageGraph; reading: Reading },
): void {
  for (const { name, value: written } of args) {
    const value =
      reading.buildArgs?.get(name) ??
      (written === undefined ? graph.globals.variables.get(name) : scopeOf(state).expand(written).word);
    state.log.push({ kind: 'arg', name, value });
  }
}

function setEnv(state: State, { pairs }: PairsInstruction, scope: Scope): void {
  for (const { name, value } of pairs)
    state.log.push({ kind: 'env', name: scope.expand(name).word, value: scope.expand(value).word });
}
