import { DockerfileError, locate } from '#dockerfile/dockerfile-error.ts';
import type { StageInstruction } from '#dockerfile/instruction.ts';
import { parseMountFlag } from '#dockerfile/mount-flag.ts';
import { nearest } from '#dockerfile/nearest.ts';
import type { Program, Stage } from '#dockerfile/program.ts';
import { triggerOf } from '#dockerfile/read-trigger.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Platform } from '#oci/platform.ts';
import type { BuildRequest } from '../request.ts';
import type { NamedContext } from '../sources/context-source.ts';
import { findNamedContext } from '../sources/find-named-context.ts';
import { globalScope, type Scope } from './scope.ts';

/** What of a Dockerfile is built, in which order. */
export interface Plan {
  program: Program;
  /** ARG before the first FROM. */
  scope: ReturnType<typeof globalScope>;
  /** Stages that the target needs, in the file's order. */
  stages: PlannedStage[];
  /** All of the file: triggers of a base image may need more. */
  all: readonly PlannedStage[];
  target: PlannedStage;
}

export interface PlannedStage {
  stage: Stage;
  /** The name behind FROM with variables replaced. */
  base: string;
  /** Stage that it begins with; undefined for an image. */
  baseStage: Stage | undefined;
  /** What `--build-context` puts in the place of its base, or of all of it. */
  named: NamedContext | undefined;
  /** Stages whose result it needs, by index. */
  needs: Set<number>;
}

/** Finds the stages that a target needs. @throws {DockerfileError} with the place */
export function planBuild(
  program: Program,
  {
    target,
    buildArgs,
    namedContexts = new Map(),
  }: { target: string; buildArgs: ReadonlyMap<string, string>; namedContexts?: BuildRequest['namedContexts'] },
  platform: Platform,
): Plan {
  const scope = globalScope(program, { target, buildArgs }, platform);
  const find: FindNamed = (name) => findNamedContext({ namedContexts }, name, platform);
  const planned = program.stages.map((stage) => planStage(program, stage, { scope, find }));
  const last = findTarget(program, planned, target);
  const wanted = new Set<number>();
  const pending = [last.stage.index];
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (wanted.has(index)) continue;
    wanted.add(index);
    pending.push(...(planned[index]?.needs ?? []));
  }
  const stages = planned.filter(({ stage }) => wanted.has(stage.index));
  return { program, scope, stages, all: planned, target: last };
}

type FindNamed = (name: string) => NamedContext | undefined;

function planStage(program: Program, stage: Stage, { scope, find }: { scope: Scope; find: FindNamed }): PlannedStage {
  const { source } = program;
  const { name } = stage.from;
  const whole = name === undefined ? undefined : find(name);
  // Nothing of what the file says about the stage counts then.
  if (name !== undefined && whole !== undefined)
    return { stage: { ...stage, instructions: [] }, base: name, baseStage: undefined, named: whole, needs: new Set() };
  const at = (piece: string) => locate(source, stage.from.node, piece);
  let base: string;
  try {
    base = scope.expand(stage.from.base);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new DockerfileError(error.message, { source, location: at(stage.from.base) });
  }
  if (base === '')
    throw new DockerfileError(`base name (${stage.from.base}) should not be blank`, {
      source,
      location: at(stage.from.base),
      hint: 'give the variable a value with ARG before FROM, or with --build-arg',
    });
  const baseStage = findStage(program, base, stage.index);
  const named = baseStage === undefined && base !== 'scratch' ? find(base) : undefined;
  const needs = new Set(baseStage === undefined ? [] : [baseStage.index]);
  const triggers = baseStage?.instructions.flatMap(triggerOf) ?? [];
  for (const instruction of [...triggers, ...stage.instructions])
    for (const { from, piece } of sourcesOf(instruction)) {
      if (instruction.kind === 'copy' && from.includes('$')) throw variableSource(source, { instruction, from, piece });
      const found = findFrom(program, from, stage.index);
      if (found === 'later')
        throw new DockerfileError(`invalid from flag value ${from}: a stage can only copy from stages before it`, {
          source,
          location: locate(source, instruction.node, piece),
        });
      if (found !== undefined) needs.add(found.index);
    }
  return { stage, base, baseStage, named, needs };
}

function variableSource(
  source: Program['source'],
  { instruction, from, piece }: { instruction: StageInstruction; from: string; piece: string },
): DockerfileError {
  return new DockerfileError('variable expansion is not supported for --from', {
    source,
    location: locate(source, instruction.node, piece),
    hint: `write FROM ${from} AS <name> above, with ARG before the first FROM, and --from=<name> here`,
  });
}

/** The places outside its stage that an instruction takes files from. */
function sourcesOf(instruction: StageInstruction): { from: string; piece: string }[] {
  if (instruction.kind === 'copy') {
    const { from } = instruction;
    return from === undefined || from === '' ? [] : [{ from, piece: `--from=${from}` }];
  }
  if (instruction.kind !== 'run') return [];
  return instruction.mounts
    .map((mount) => ({ from: mountSource(mount), piece: mount }))
    .filter((source): source is { from: string; piece: string } => source.from !== '');
}

function mountSource(mount: string): string {
  try {
    return parseMountFlag(mount).from;
  } catch {
    return ''; // told with its place when the step comes
  }
}

/** The stage that `--from` names: by name or by index. `later` for one that is not before `index`. */
export function findFrom(program: Program, from: string, index: number): Stage | 'later' | undefined {
  const named = findStage(program, from, index);
  if (named !== undefined) return named;
  if (/^\d+$/.test(from))
    return program.stages[Number(from)]?.index === undefined || Number(from) >= index
      ? 'later'
      : program.stages[Number(from)];
  return program.stages.some(({ from: { name } }) => name === from.toLowerCase()) ? 'later' : undefined;
}

/** The nearest earlier stage of that name. */
function findStage(program: Program, name: string, before: number): Stage | undefined {
  return program.stages.findLast((stage) => stage.index < before && stage.from.name === name.toLowerCase());
}

function findTarget(program: Program, planned: readonly PlannedStage[], target: string): PlannedStage {
  const last = planned.at(-1);
  if (last === undefined) throw new InvalidArgumentError('dockerfile contains no stages to build');
  if (target === '') return last;
  const named = planned.findLast(({ stage }) => stage.from.name === target.toLowerCase());
  const found = named ?? (/^\d+$/.test(target) ? planned[Number(target)] : undefined);
  if (found !== undefined) return found;
  const names = program.stages.map(({ from }) => from.name).filter((name) => name !== undefined);
  const close = nearest(target, names);
  throw new InvalidArgumentError(
    `target stage ${JSON.stringify(target)} could not be found${close === undefined ? '' : ` (did you mean ${close}?)`}`,
    { hint: names.length === 0 ? 'no stage of the Dockerfile has a name' : `the stages are ${names.join(', ')}` },
  );
}
