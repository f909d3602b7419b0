import { InvalidArgumentError } from '#lib/errors.ts';

/** A part that is empty or made of dots alone, not counting the last slash. */
// eslint-disable-next-line no-control-regex -- the zero byte is the point
const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

/**
 * A name of an archive as a path below a root, without dots; `` is the root.
 * @throws {InvalidArgumentError} if it climbs out or holds a zero byte
 */
export function cleanName(name: string): string {
  let quick = name.endsWith('/') ? name.slice(0, -1) : name;
  if (quick.startsWith('./')) quick = quick.slice(2);
  return UNCLEAN.test(quick) ? cleanParts(name) : quick;
}

function cleanParts(name: string): string {
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
