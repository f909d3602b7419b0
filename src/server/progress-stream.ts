import { errorMessage, type ProgressMessage } from '#api/progress.ts';
import type { Call } from './route.ts';

/**
 * Answers with what `work` reports, as JSON lines. The answer begins with the first message, so that an error before it gets its status;
 * an error after it is the last line.
 */
export async function streamProgress(
  call: Call,
  work: (report: (message: ProgressMessage) => void) => Promise<void>,
): Promise<void> {
  let lines: ReturnType<Call['jsonLines']> | undefined;
  let written = Promise.resolve();
  const report = (message: ProgressMessage): void => {
    const open = (lines ??= call.jsonLines());
    written = written.then(() => open.write(message));
  };
  try {
    await work(report);
    lines ??= call.jsonLines();
  } catch (error) {
    if (lines === undefined) throw error;
    report(errorMessage(error));
  }
  await written;
  lines.end();
}
