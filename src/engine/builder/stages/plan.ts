import { DockerfileError, locate } from '#dockerfile/dockerfile-error.ts';
import type { Program, Stage } from '#dockerfile/program.ts';
import { findFrom, findStage, findTarget, reach, sourcesOfStage, type StageSource } from '#dockerfile/stage-sources.ts';
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
  const last = planned[findTarget(program, target).index] as PlannedStage;
  const wanted = reach([last.stage.index], (index) => planned[index]?.needs ?? []);
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
  for (const from of sourcesOfStage(stage, baseStage)) {
    const found = sourceStage(program, stage, from);
    if (found !== undefined) needs.add(found.index);
  }
  return { stage, base, baseStage, named, needs };
}

/** @throws {DockerfileError} with the place, unless the stage is one before this */
function sourceStage(program: Program, stage: Stage, { from, piece, instruction }: StageSource): Stage | undefined {
  const { source } = program;
  const location = locate(source, instruction.node, piece);
  if (instruction.kind === 'copy' && from.includes('$'))
    throw new DockerfileError('variable expansion is not supported for --from', {
      source,
      location,
      hint: `write FROM ${from} AS <name> above, with ARG before the first FROM, and --from=<name> here`,
    });
  const found = findFrom(program, from, stage.index);
  if (found !== 'later') return found;
  throw new DockerfileError(`invalid from flag value ${from}: a stage can only copy from stages before it`, {
    source,
    location,
  });
}
