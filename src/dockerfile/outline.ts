import { descriptionOf, expandOrNothing, type GlobalArg, type Reading, referencedNames } from './global-args.ts';
import { type MountFlag, parseMountFlag } from './mount-flag.ts';
import type { Program, Stage } from './program.ts';
import { sourceBytes, type SourceLocation, sourceLocation } from './source-location.ts';
import { type GraphStage, stageGraph, type StageGraph } from './stage-graph.ts';

/** What can be given to the build of a target, in the form of BuildKit's sub-request `frontend.outline`. */
export interface Outline {
  /** Of the target. */
  name?: string;
  description?: string;
  args?: OutlineArg[];
  secrets?: OutlineMount[];
  ssh?: OutlineMount[];
  cache?: { id: string; location: SourceLocation }[];
  /** The Dockerfile, in base64. */
  sources: string[];
}

export interface OutlineArg {
  name: string;
  description?: string;
  /** What it has without further ado, or what was passed for it. */
  value?: string;
  location: SourceLocation;
}

export interface OutlineMount {
  name: string;
  required?: boolean;
  location: SourceLocation;
}

interface Line {
  line: number;
  endLine: number;
}

/** Arguments, secrets, agents and caches that the build of a target takes. @throws {InvalidArgumentError} if there is no such target */
export function outline(program: Program, reading: Reading = {}): Outline {
  const graph = stageGraph(program, reading);
  const stages = graph.stages.filter(({ isReached }) => isReached);
  const args = inOrder([...argsOf(graph, stages, reading).values()]);
  const mounts = stages.flatMap((stage) => mountsOf(program, stage));
  const ofType = (type: MountFlag['type']): FoundMount[] =>
    firstOfName(mounts.filter(({ flag }) => flag.type === type));
  const secrets = ofType('secret').map(toMount);
  const ssh = ofType('ssh').map(toMount);
  const cache = ofType('cache').map(({ name, at }) => ({ id: name, location: sourceLocation(at) }));
  const { node, name } = graph.target.stage.from;
  const description = descriptionOf(node.comments, node.args[2] ?? '') || descriptionOf(node.comments, name ?? '');
  return {
    ...(name !== undefined && { name }),
    ...(description !== '' && { description }),
    ...(args.length > 0 && { args: args.map(({ arg }) => arg) }),
    ...(secrets.length > 0 && { secrets }),
    ...(ssh.length > 0 && { ssh }),
    ...(cache.length > 0 && { cache }),
    sources: [sourceBytes(program.source.lines)],
  };
}

interface FoundArg {
  arg: OutlineArg;
  at: Line;
}

function argsOf(graph: StageGraph, stages: readonly GraphStage[], reading: Reading): Map<string, FoundArg> {
  const found = new Map<string, FoundArg>();
  const { escape } = graph.program.directives;
  const useGlobal = (name: string): void => {
    const arg = graph.globals.declared.get(name);
    if (arg === undefined || found.has(name)) return;
    found.set(name, fromGlobal(arg));
    for (const used of arg.uses) useGlobal(used);
  };
  for (const { stage } of stages) {
    const texts = [stage.from.base, stage.from.platform ?? ''];
    for (const name of texts.flatMap((text) => referencedNames(text, escape))) useGlobal(name);
    for (const given of readArgs(stage, { graph, reading })) {
      if (given.isGlobal) useGlobal(given.arg.name);
      else if (!found.has(given.arg.name)) found.set(given.arg.name, given);
    }
  }
  return found;
}

function fromGlobal({ name, value, description, line, endLine }: GlobalArg): FoundArg {
  const at = { line, endLine };
  return { arg: { name, ...described(description, value), location: sourceLocation(at) }, at };
}

function described(description: string, value: string | undefined): Pick<OutlineArg, 'description' | 'value'> {
  return {
    ...(description !== '' && { description }),
    ...(value !== undefined && value !== '' && { value }),
  };
}

/** ARG of a stage; one without a value of its own is the one before the first FROM, where that has it. */
function readArgs(
  { instructions }: Stage,
  { graph, reading }: { graph: StageGraph; reading: Reading },
): (FoundArg & { isGlobal: boolean })[] {
  const { globals, program } = graph;
  const variables = new Map<string, string>();
  const declarations = instructions.flatMap((instruction) =>
    instruction.kind === 'arg' ? instruction.args.map((arg) => ({ ...arg, node: instruction.node })) : [],
  );
  return declarations.map(({ name, value: written, node }) => {
    const isGlobal = written === undefined && globals.declared.has(name);
    const { word } = expandOrNothing(written ?? '', variables, program.directives.escape);
    const value = reading.buildArgs?.get(name) ?? (written === undefined ? globals.variables.get(name) : word);
    if (value !== undefined) variables.set(name, value);
    const arg = { name, ...described(descriptionOf(node.comments, name), value), location: sourceLocation(node) };
    return { arg, at: node, isGlobal };
  });
}

interface FoundMount {
  flag: MountFlag;
  name: string;
  at: Line;
}

function mountsOf({ directives }: Program, { stage }: GraphStage): FoundMount[] {
  return stage.instructions.flatMap((instruction) =>
    instruction.kind !== 'run'
      ? []
      : instruction.mounts.flatMap((mount) => {
          const flag = readMount(expandOrNothing(mount, new Map(), directives.escape).word);
          return flag === undefined ? [] : [{ flag, name: nameOf(flag), at: instruction.node }];
        }),
  );
}

function readMount(mount: string): MountFlag | undefined {
  try {
    return parseMountFlag(mount);
  } catch {
    return undefined; // told where mounts are checked
  }
}

function nameOf({ type, id, target, source }: MountFlag): string {
  if (id !== '') return id;
  if (type === 'ssh') return 'default';
  if (type === 'secret') return source !== '' ? source : (target.split('/').at(-1) ?? '');
  return target;
}

function firstOfName(mounts: readonly FoundMount[]): FoundMount[] {
  const found = new Map<string, FoundMount>();
  for (const mount of inOrder(mounts)) {
    const before = found.get(mount.name);
    if (before === undefined) found.set(mount.name, mount);
    else if (mount.flag.required) found.set(mount.name, { ...before, flag: { ...before.flag, required: true } });
  }
  return [...found.values()];
}

function toMount({ name, flag, at }: FoundMount): OutlineMount {
  return { name, ...(flag.required && { required: true }), location: sourceLocation(at) };
}

function inOrder<T extends { at: Line }>(found: readonly T[]): T[] {
  return found.toSorted((a, b) => a.at.line - b.at.line);
}
