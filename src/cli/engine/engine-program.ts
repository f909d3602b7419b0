import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NotFoundError } from '#lib/errors.ts';

/**
 * What Node is told for the engine: by itself it gives what lives shortly 128 MB before it clears it away, with this 32 MB, and takes no more time.
 */
export const ENGINE_FLAGS: readonly string[] = ['--max-semi-space-size=16'];

/** Program and first arguments that run the engine: the bundle beside this one, or its source. */
export function engineProgram(): readonly [program: string, ...args: string[]] {
  const candidates = [join(import.meta.dirname, 'berthd.mjs'), join(import.meta.dirname, '../../daemon/main.ts')];
  const entry = candidates.find((path) => existsSync(path));
  if (entry === undefined)
    throw new NotFoundError('the engine is not part of this installation', {
      why: `looked for ${candidates[0]}`,
      hint: 'build it with: npm run build',
    });
  return [process.execPath, ...ENGINE_FLAGS, entry];
}
