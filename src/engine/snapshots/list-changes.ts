import { type BigIntStats, lstatSync } from 'node:fs';
import type { Root } from '#lib/files/open-root.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';
import type { Change } from './snapshotter.ts';
import type { Stack } from './stack.ts';
import { isWhiteout } from './tree/pack-tree.ts';

/**
 * What trees in the form of overlayfs change against those below them, sorted by path.
 * @param own uppermost first: all that one snapshot adds
 */
export function* listChanges(own: readonly Root[], below: Stack | undefined, folder = ''): Generator<Change> {
  for (const name of namesIn(own, folder)) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const stats = look(own, path);
    if (stats === undefined) continue;
    const before = below?.find(path);
    if (isWhiteout(stats)) {
      if (before !== undefined) yield { path: `/${path}`, kind: 'deleted' };
      continue;
    }
    yield { path: `/${path}`, kind: before === undefined ? 'added' : 'modified' };
    if (stats.isDirectory()) yield* listChanges(own.length === 1 ? own : havingFolder(own, path), below, path);
  }
}

function namesIn(own: readonly Root[], folder: string): string[] {
  const names = own.flatMap((root) => unlessGone(() => root.readdir(folder)) ?? []);
  return own.length === 1 ? names : [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1));
}

/** Of trees that all have the folder above. */
function havingFolder(own: readonly Root[], path: string): Root[] {
  return own.filter((root) => root.lstat(path)?.isDirectory() === true);
}

function look(own: readonly Root[], path: string): BigIntStats | undefined {
  for (const root of own) {
    const stats = unlessGone(() => lstatSync(root.locate(path).path, { bigint: true }));
    if (stats !== undefined) return stats;
  }
  return undefined;
}
