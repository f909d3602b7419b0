import { InvalidArgumentError } from '#lib/errors.ts';
import type { TarHeader } from './header.ts';

/** The largest number is no owner: system calls take it for "as it is". */
const OWNER_LIMIT = 2 ** 32 - 2;
/** What the kernel has in a device number. */
const MAJOR_LIMIT = 2 ** 12 - 1;
const MINOR_LIMIT = 2 ** 20 - 1;

/**
 * Refuses numbers that archives can hold and files cannot, in place of cutting them.
 * @throws {InvalidArgumentError} naming the entry
 */
export function refuseImpossible(
  path: string,
  { kind, uid, gid, major, minor }: Pick<TarHeader, 'kind' | 'uid' | 'gid' | 'major' | 'minor'>,
): void {
  for (const owner of [uid, gid])
    if (owner < 0 || owner > OWNER_LIMIT)
      throw new InvalidArgumentError(`${path}: no file can have the owner ${owner}`);
  if (kind !== 'character' && kind !== 'block') return;
  if (major < 0 || major > MAJOR_LIMIT || minor < 0 || minor > MINOR_LIMIT)
    throw new InvalidArgumentError(`${path}: no device can have the number ${major}:${minor}`);
}
