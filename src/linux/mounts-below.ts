import { readFileSync, realpathSync } from 'node:fs';
import { unlessGone } from '#lib/files/unless-gone.ts';
import { parseMountinfo } from './proc.ts';

/** Mount points at a path and below it, deepest first; a later mount at the same point comes first. Symbolic links in the path are followed. */
export function mountsBelow(path: string): string[] {
  const top = unlessGone(() => realpathSync(path)) ?? path;
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))
    .map(({ mountPoint }) => mountPoint)
    .filter((mountPoint) => mountPoint === top || mountPoint.startsWith(`${top}/`))
    .toReversed()
    .toSorted((a, b) => b.split('/').length - a.split('/').length);
}
