import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { NotFoundError } from '#lib/errors.ts';
import { UsageError } from './parse-options.ts';

/** Bytes of a file, or of standard input. @throws {NotFoundError}; {UsageError} when standard input is a terminal */
export async function openInput(path: string | undefined, option: string): Promise<AsyncIterable<Uint8Array>> {
  if (path === undefined || path === '-') {
    if (process.stdin.isTTY)
      throw new UsageError('an archive is not read from a terminal', {
        hint: `use ${option} FILE, or send it in: < file.tar`,
      });
    return process.stdin;
  }
  const found = await stat(path).catch((error: Error) => {
    throw new NotFoundError(`cannot read ${path}`, { why: error.message, cause: error });
  });
  if (found.isDirectory()) throw new UsageError(`${path} is a folder, not an archive`);
  return createReadStream(path, { highWaterMark: 1024 * 1024 });
}
