import type { Output } from './output.ts';

/** Does one thing to each subject; prints those that worked and a problem for each other. @returns the exit code */
export async function forEach(
  output: Output,
  subjects: readonly string[],
  work: (subject: string) => Promise<string | void>,
): Promise<number> {
  let failed = false;
  for (const subject of subjects) {
    try {
      output.line((await work(subject)) ?? subject);
    } catch (error) {
      failed = true;
      output.problem(error);
    }
  }
  return failed ? 1 : 0;
}
