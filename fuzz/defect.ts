import { BerthError, InternalError } from '#lib/errors.ts';

/** What is wrong with an error as an answer to nonsense; undefined if it is one of ours that blames the input. */
export function defectOfError(error: unknown): string | undefined {
  if (error instanceof BerthError && !(error instanceof InternalError)) return undefined;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
