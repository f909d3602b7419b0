import { lstatSync } from 'node:fs';
import type { Root } from '#lib/files/open-root.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';
import type { Change } from './snapshotter.ts';
import type { Stack } from './stack.ts';
import { isWhiteout } from './tree/pack-tree.ts';

/** What a tree of overlayfs changes against the layers below it, sorted by path. */
export function* listChanges(root: Root, below: Stack | undefined, folder = ''): Generator<Change> {
  for (const name of unlessGone(() => root.readdir(folder)) ?? []) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const stats = unlessGone(() => lstatSync(root.locate(path).path, { bigint: true }));
    if (stats === undefined) continue;
    const before = below?.find(path);
    if (isWhiteout(stats)) {
      if (before !== undefined) yield { path: `/${path}`, kind: 'deleted' };
      continue;
    }
    yield { path: `/${path}`, kind: before === undefined ? 'added' : 'modified' };
    if (stats.isDirectory()) yield* listChanges(root, below, path);
  }
}
