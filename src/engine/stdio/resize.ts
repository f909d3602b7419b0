import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError } from '#lib/errors.ts';

/** Sets the size of a container's terminal. @throws {ConflictError} if its supervisor is gone */
export async function resizeTerminal(
  bundle: string,
  { rows, columns }: { rows: number; columns: number },
): Promise<void> {
  await control(bundle, `1 ${rows} ${columns}\n`);
}

/** Lets the supervisor open its log anew, after the file was renamed. */
export async function reopenLog(bundle: string): Promise<void> {
  await control(bundle, '2 0 0\n');
}

async function control(bundle: string, line: string): Promise<void> {
  // Without O_NONBLOCK a FIFO without a reader would hang.
  const file = await open(join(bundle, 'ctl'), constants.O_WRONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw new ConflictError('the container is not running', { cause: error });
  });
  try {
    await file.writeFile(line);
  } finally {
    await file.close();
  }
}
