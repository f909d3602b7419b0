import { readFileSync } from 'node:fs';
import { parseMountinfo } from './proc.ts';

/** Mount points at a path and below it, deepest first; a later mount at the same point comes first. */
export function mountsBelow(path: string): string[] {
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))
    .map(({ mountPoint }) => mountPoint)
    .filter((mountPoint) => mountPoint === path || mountPoint.startsWith(`${path}/`))
    .toReversed()
    .toSorted((a, b) => b.split('/').length - a.split('/').length);
}
