import { DockerfileError, excerpt, InstructionError, locate } from '#dockerfile/dockerfile-error.ts';
import { type BerthError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
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

/** Something in the Dockerfile that an error is about. */
export interface Subject {
  node: { line: number; endLine: number };
  /** What else explains the error; none if absent. */
  why?: string;
}

/** Says which instruction an error is about. */
export async function withLocation(
  run: StageRun,
  ...[{ node, why }, work]: [subject: Subject, work: () => Promise<void>]
): Promise<void> {
  const { source } = run.build.plan.program;
  try {
    await work();
  } catch (error) {
    const isAboutFile = error instanceof InvalidArgumentError || error instanceof NotFoundError;
    if (!isAboutFile || (error instanceof DockerfileError && why === undefined)) throw error;
    const location = locate(source, node, error instanceof InstructionError ? error.piece : '');
    const bare = why === undefined ? error : withReason(error, [error.why, why], error);
    throw withReason(error, [bare.why, excerpt(source, location)], bare);
  }
}

/** The same error with more said about why, of the two kinds that are about the file. */
function withReason(
  error: InvalidArgumentError | NotFoundError,
  ...[reasons, cause]: [reasons: readonly (string | undefined)[], cause: BerthError]
): BerthError {
  const Kind = error instanceof NotFoundError ? NotFoundError : InvalidArgumentError;
  return new Kind(error.message, {
    why: reasons.filter((reason) => reason !== undefined).join('\n'),
    ...(error.hint !== undefined && { hint: error.hint }),
    cause,
  });
}
