import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NotFoundError } from '#lib/errors.ts';

/** Program and first arguments that run the engine: the bundle beside this one, or its source. */
export function engineProgram(): readonly [program: string, ...args: string[]] {
  const candidates = [join(import.meta.dirname, 'berthd.mjs'), join(import.meta.dirname, '../../daemon/main.ts')];
  const entry = candidates.find((path) => existsSync(path));
  if (entry === undefined)
    throw new NotFoundError('the engine is not part of this installation', {
      why: `looked for ${candidates[0]}`,
      hint: 'build it with: npm run build',
    });
  return [process.execPath, entry];
}
