import { InvalidArgumentError } from '#lib/errors.ts';

/**
 * A name of an archive as a path below a root, without dots; `` is the root.
 * @throws {InvalidArgumentError} if it climbs out or holds a zero byte
 */
export function cleanName(name: string): string {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined)
      throw new InvalidArgumentError(`${JSON.stringify(name)} leads out of the archive's root`);
  }
  if (name.includes('\0')) throw new InvalidArgumentError(`${JSON.stringify(name)} holds a zero byte`);
  return parts.join('/');
}
