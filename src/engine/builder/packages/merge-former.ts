import { linkSync, lstatSync, mkdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { attributesOf, setAttributes, setMtime } from '#engine/snapshots/tree/attributes.ts';
import { isOpaque, isWhiteout } from '#engine/snapshots/tree/pack-tree.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';

/** What a step changed, what lies below it, and between the two the folders of former layers, uppermost first. */
export interface Merging {
  changed: Root;
  below: Root;
  trees: readonly string[];
}

const BATCH = 500;

/**
 * Brings what former layers hold into the folder of changes, as if all had been changed now: what is there, or is marked as removed, stays so.
 * Files are linked: neither side is ever written to again. What only former layers had, and was removed, leaves no mark.
 */
export async function mergeFormer({ changed, below, trees }: Merging): Promise<void> {
  const times = new Map<string, bigint>();
  let count = 0;
  const merge = async (from: Root, folder: string): Promise<void> => {
    for (const name of from.readdir(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      count += 1;
      if (count % BATCH === 0) await nextTurn();
      const place = from.locate(path);
      const stats = lstatSync(place.path, { bigint: true });
      const existing = changed.lstat(path);
      if (existing !== undefined) {
        const isBoth = existing.isDirectory() && stats.isDirectory();
        if (isBoth && !isOpaque(changed.locate(path))) await merge(from, path);
        continue;
      }
      keepTime(folder);
      if (!stats.isDirectory()) {
        linkSync(place.path, changed.locate(path).path);
        continue;
      }
      mkdirSync(changed.locate(path).path, 0o755);
      const { mtimeNs, ...attributes } = attributesOf(place, stats);
      setAttributes(changed.locate(path), attributes);
      if (mtimeNs !== undefined) times.set(path, mtimeNs);
      await merge(from, path);
    }
  };
  /** Folders get their time back when nothing more comes into them. */
  const keepTime = (folder: string): void => {
    if (!times.has(folder))
      times.set(folder, attributesOf(changed.locate(folder === '' ? '' : `${folder}/.`)).mtimeNs ?? 0n);
  };
  for (const tree of trees) {
    using from = openRoot(tree, { links: 'refuse' });
    await merge(from, '');
  }
  removeMarks(changed, below, '');
  for (const [folder, time] of times)
    if (changed.lstat(folder)?.isDirectory() === true) setMtime(changed.locate(`${folder}/.`), time);
}

/** Marks of removal hide what is below; where nothing is, they are none. */
function removeMarks(changed: Root, below: Root, folder: string): void {
  for (const name of changed.readdir(folder)) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const stats = lstatSync(changed.locate(path).path);
    if (stats.isDirectory()) removeMarks(changed, below, path);
    else if (isWhiteout(stats) && !isThere(below, path)) changed.remove(path);
  }
}

function isThere(root: Root, path: string): boolean {
  try {
    return root.lstat(path) !== undefined;
  } catch {
    return false; // below something that is no folder
  }
}
