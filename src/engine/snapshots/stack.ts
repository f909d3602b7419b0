import { type BigIntStats, lstatSync } from 'node:fs';
import { type Located, openRoot, type Root } from '#lib/files/open-root.ts';
import { isOpaque, isWhiteout } from './tree/pack-tree.ts';

/** What the layers below a snapshot show, without mounting them. */
export interface Stack extends Disposable {
  /** Where a path comes from; undefined if no layer has it or a higher one hides it. Symbolic links are not followed. */
  find(path: string): Found | undefined;
  /** Names in a folder. */
  names(path: string): Set<string>;
}

export interface Found {
  layer: Root;
  path: string;
  place: Located;
  stats: BigIntStats;
}

/** One of the trees that lie over each other. */
export interface StackTree {
  path: string;
  /** Whether its root looks as that of the whole; otherwise it says nothing about the root itself. */
  hasRoot: boolean;
}

/** @param trees of the layers, uppermost first */
export function openStack(trees: readonly StackTree[]): Stack {
  const opened: Root[] = [];
  const layer = (index: number): Root => (opened[index] ??= openRoot(trees[index]?.path ?? '', { links: 'refuse' }));
  return {
    find(path) {
      const isRoot = /^\/*$/.test(path);
      for (const [index, { hasRoot }] of trees.entries()) {
        if (isRoot && !hasRoot) continue;
        const seen = look(layer(index), path);
        if (seen !== 'missing') return seen === 'hidden' ? undefined : seen;
      }
      return undefined;
    },
    names(path) {
      const names = new Set<string>();
      const hidden = new Set<string>();
      for (const index of trees.keys()) {
        const seen = look(layer(index), path);
        if (seen === 'missing') continue;
        if (seen === 'hidden' || !seen.stats.isDirectory()) return names;
        for (const name of seen.layer.readdir(path)) {
          const child = lstatSync(seen.layer.locate(`${path}/${name}`).path, { bigint: true });
          if (isWhiteout(child)) hidden.add(name);
          else if (!hidden.has(name)) names.add(name);
        }
        if (isOpaque(seen.layer.locate(path))) return names;
      }
      return names;
    },
    [Symbol.dispose]() {
      for (const root of opened.splice(0)) root?.[Symbol.dispose]();
    },
  };
}

/** What one layer says about a path: it has it, hides it from the layers below, or leaves it to them. */
function look(layer: Root, path: string): Found | 'hidden' | 'missing' {
  const parts = path.split('/').filter((part) => part !== '');
  let isHidden = false;
  for (let depth = 0; depth <= parts.length; depth++) {
    const prefix = parts.slice(0, depth).join('/');
    if (depth > 0 && layer.lstat(prefix) === undefined) return isHidden ? 'hidden' : 'missing';
    const place = layer.locate(prefix);
    const stats = lstatSync(place.path, { bigint: true });
    if (isWhiteout(stats)) return 'hidden';
    if (depth === parts.length) return { layer, path: prefix, place, stats };
    if (!stats.isDirectory()) return 'hidden';
    isHidden ||= isOpaque(place);
  }
  return 'missing';
}
