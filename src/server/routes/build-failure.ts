import { errorMessage, type ProgressMessage } from '#api/progress.ts';
import { excerpt } from '#dockerfile/dockerfile-error.ts';
import type { BuildEvent } from '#engine/builder/progress/events.ts';
import { StepFailure } from '#engine/builder/steps/step-failure.ts';
import { BerthError, CancelledError } from '#lib/errors.ts';
import { fullDisk } from '#lib/full-disk.ts';

/** The Dockerfile of a build that failed, and where in it; lines count from 1. */
export interface FailedLines {
  file: string;
  text: string;
  lines: { start: number; end: number } | undefined;
}

/**
 * The line that ends a build of `POST /build` that failed. Its clients show the message alone, so the reason is in it, with the lines of the
 * Dockerfile. Only the end of a command is told in Docker's one sentence where the client has shown the step before (`version=1`).
 */
export function buildFailure(
  thrown: unknown,
  { isTraced, failed }: { isTraced: boolean; failed: FailedLines },
): ProgressMessage {
  const isCancelled = thrown instanceof CancelledError || (thrown as Error).name === 'AbortError';
  const error = isCancelled ? new CancelledError('build cancelled') : (fullDisk(thrown) ?? thrown);
  const told = errorMessage(error);
  if (error instanceof StepFailure) {
    const message = isTraced ? `${error.processMessage}${frameOf(failed)}` : error.message;
    return withMessage(told, message, error.exitCode);
  }
  if (!(error instanceof BerthError)) return told;
  const parts = [error.message, error.why, error.hint].filter((part) => part !== undefined);
  return withMessage(told, parts.filter((part, index) => index === 0 || !error.message.includes(part)).join('\n'));
}

function withMessage(told: ProgressMessage, message: string, code?: number): ProgressMessage {
  const errorDetail = { ...(code !== undefined && { code }), ...told.errorDetail, message };
  return { ...told, error: message, errorDetail };
}

function frameOf({ file, text, lines }: FailedLines): string {
  if (lines === undefined) return '';
  const source = { file, lines: text.replace(/\r?\n$/, '').split(/\r?\n/) };
  return `\n${excerpt(source, { line: lines.start, endLine: lines.end, column: 1, width: 1 })}`;
}

/** Lines of the first instruction that fails, once one did. */
export function watchFailure(): { hear(event: BuildEvent): void; lines(): FailedLines['lines'] } {
  let lines: FailedLines['lines'];
  return {
    hear(event) {
      if (event.kind !== 'completed' || event.outcome.error === undefined || event.outcome.isCanceled === true) return;
      lines ??= event.vertex.lines;
    },
    lines: () => lines,
  };
}
