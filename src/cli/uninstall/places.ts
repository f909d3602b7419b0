import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from '#lib/errors.ts';

/** What belongs to one engine. */
export interface Places {
  dataRoot: string;
  execRoot: string;
  /** Empty if it never got as far as having one. */
  id: string;
}

/** Names that a mistake could turn into something else than an engine's folder. */
const NEVER = new Set([
  '/',
  '/etc',
  '/home',
  '/root',
  '/run',
  '/tmp',
  '/usr',
  '/var',
  '/var/lib',
  '/var/tmp',
  '/srv',
  '/opt',
  '/mnt',
]);

/** @throws {InvalidArgumentError} for a folder that cannot be an engine's */
export async function findPlaces(dataRoot: string, execRoot: string): Promise<Places> {
  for (const path of [dataRoot, execRoot])
    if (!path.startsWith('/') || NEVER.has(join(path, '.').replace(/(.)\/$/, '$1')))
      throw new InvalidArgumentError(`${path} cannot be the folder of an engine`, {
        hint: 'give the folders that the engine was started with',
      });
  const text = (await readFile(join(dataRoot, 'engine-id'), 'utf8').catch(() => '')).trim();
  return { dataRoot, execRoot, id: /^[0-9a-f]{8}$/.test(text) ? text : '' };
}
