import { DockerfileError, excerpt, InstructionError, locate } from '#dockerfile/dockerfile-error.ts';
import type { StageInstruction } from '#dockerfile/instruction.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { BuildRun, StageRun } from '../build-run.ts';
import type { PlannedStage } from './plan.ts';

/** How vertices of a stage begin: `[2/4]`, `[build 2/4]`, `[linux/arm64 build 2/4]`. */
export function stageTitle(
  { plan, title }: BuildRun,
  { stage }: PlannedStage,
  { number, total }: { number: number; total: number },
): string {
  const isOnly = plan.program.stages.length === 1;
  const name = stage.from.name ?? (isOnly ? '' : `stage-${stage.index}`);
  return `[${[title, name, `${number}/${total}`].filter((part) => part !== '').join(' ')}]`;
}

/** Says which instruction an error is about. */
export async function withLocation(
  run: StageRun,
  ...[instruction, work]: [instruction: StageInstruction, work: () => Promise<void>]
): Promise<void> {
  const { source } = run.build.plan.program;
  try {
    await work();
  } catch (error) {
    const isAboutFile = error instanceof InvalidArgumentError || error instanceof NotFoundError;
    if (!isAboutFile || error instanceof DockerfileError) throw error;
    const location = locate(source, instruction.node, error instanceof InstructionError ? error.piece : '');
    const Kind = error instanceof NotFoundError ? NotFoundError : InvalidArgumentError;
    throw new Kind(error.message, {
      why: [error.why, excerpt(source, location)].filter((text) => text !== undefined).join('\n'),
      ...(error.hint !== undefined && { hint: error.hint }),
      cause: error,
    });
  }
}
