import { open } from 'node:fs/promises';
import { fileError } from './file-error.ts';

/** Writes a file that is not there yet. @throws {ConflictError} if it is; {UnavailableError} when the disk is full */
export async function writeNew(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  { mode }: { mode: number },
): Promise<void> {
  try {
    await using file = await open(path, 'wx', mode);
    for await (const chunk of bytes) await file.writeFile(chunk);
  } catch (error) {
    throw fileError(error, path);
  }
}
