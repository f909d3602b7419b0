import { InvalidArgumentError } from '#lib/errors.ts';
import type { StageInstruction } from './instruction.ts';
import { parseMountFlag } from './mount-flag.ts';
import { nearest } from './nearest.ts';
import type { Program, Stage } from './program.ts';
import { triggerOf } from './read-trigger.ts';

/** A place outside its stage that an instruction takes files from. */
export interface StageSource {
  /** As it is written: the name or number of a stage, a named context, or an image. */
  from: string;
  by: 'COPY' | 'RUN --mount';
  /** The part of the instruction that says so. */
  piece: string;
  instruction: StageInstruction;
}

/** What an instruction takes from elsewhere. A mount that is broken takes nothing: that is told where mounts are checked. */
export function sourcesOf(instruction: StageInstruction): StageSource[] {
  if (instruction.kind === 'copy') {
    const { from } = instruction;
    return from === undefined || from === '' ? [] : [{ from, by: 'COPY', piece: `--from=${from}`, instruction }];
  }
  if (instruction.kind !== 'run') return [];
  return instruction.mounts.flatMap((piece): StageSource[] => {
    const from = mountSource(piece);
    return from === '' ? [] : [{ from, by: 'RUN --mount', piece, instruction }];
  });
}

/** The same of all instructions that run in a stage: triggers of the stage that it begins with come first. */
export function sourcesOfStage(stage: Stage, baseStage: Stage | undefined): StageSource[] {
  const triggers = baseStage?.instructions.flatMap(triggerOf) ?? [];
  return [...triggers, ...stage.instructions].flatMap(sourcesOf);
}

function mountSource(mount: string): string {
  try {
    return parseMountFlag(mount).from;
  } catch {
    return '';
  }
}

/** The nearest stage of that name before the one with the number `before`. */
export function findStage({ stages }: Program, name: string, before: number): Stage | undefined {
  return stages.findLast((stage) => stage.index < before && stage.from.name === name.toLowerCase());
}

/** The stage that `--from` names: by name or by number. `later` for one that is not before the stage `index`. */
export function findFrom(program: Program, from: string, index: number): Stage | 'later' | undefined {
  const named = findStage(program, from, index);
  if (named !== undefined) return named;
  if (/^\d+$/.test(from)) return Number(from) < index ? (program.stages[Number(from)] ?? 'later') : 'later';
  return program.stages.some(({ from: { name } }) => name === from.toLowerCase()) ? 'later' : undefined;
}

/** Numbers of the stages that some need, and of those that these need, themselves among them. */
export function reach(from: readonly number[], next: (index: number) => Iterable<number>): Set<number> {
  const reached = new Set<number>();
  const pending = [...from];
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    pending.push(...next(index));
  }
  return reached;
}

/** The stage that a build ends with: by name or by number, the last one if none is named. @throws {InvalidArgumentError} if it is not there */
export function findTarget({ stages }: Program, target: string): Stage {
  const named = stages.findLast(({ from }) => target !== '' && from.name === target.toLowerCase());
  const found = target === '' ? stages.at(-1) : (named ?? (/^\d+$/.test(target) ? stages[Number(target)] : undefined));
  if (found !== undefined) return found;
  const names = stages.flatMap(({ from }) => (from.name === undefined ? [] : [from.name]));
  const close = nearest(target, names);
  throw new InvalidArgumentError(
    `target stage ${JSON.stringify(target)} could not be found${close === undefined ? '' : ` (did you mean ${close}?)`}`,
    { hint: names.length === 0 ? 'no stage of the Dockerfile has a name' : `the stages are ${names.join(', ')}` },
  );
}
