import { compileIgnore, type Ignore, type IgnoreMatch, ignoreLines } from '#dockerfile/ignore.ts';
import { BerthError } from '#lib/errors.ts';
import { generateIgnore } from '../dockerfile/ignore.ts';
import { type FileTree, folderOf, hasFile, type TreeFile } from '../files.ts';
import type { ProjectPlan } from './plan.ts';

/** What of a folder goes into the build, and what stays out of it. */
export interface ContextFiles {
  kept: readonly TreeFile[];
  out: readonly TreeFile[];
}

const KNOWN = new WeakMap<FileTree, Promise<ContextFiles>>();

/** By the folder's own .dockerignore, else by the one that is generated; a broken one leaves nothing out, and its build says why. */
export function contextFiles(tree: FileTree, plan: ProjectPlan): Promise<ContextFiles> {
  const known = KNOWN.get(tree) ?? divide(tree, plan);
  KNOWN.set(tree, known);
  return known;
}

async function divide(tree: FileTree, plan: ProjectPlan): Promise<ContextFiles> {
  const text = hasFile(tree, '.dockerignore') ? await tree.read('.dockerignore') : await generateIgnore(tree, plan);
  const filter = compiled(text ?? '');
  const folders = new Map<string, IgnoreMatch>();
  const matchOf = (path: string): IgnoreMatch => {
    const folder = folderOf(path);
    const above = folder === '' ? undefined : (folders.get(folder) ?? matchOf(folder));
    if (above !== undefined) folders.set(folder, above);
    return filter.match(path, above);
  };
  const { kept = [], out = [] } = Object.groupBy(tree.files, ({ path }) => (matchOf(path).isExcluded ? 'out' : 'kept'));
  return { kept, out };
}

function compiled(text: string): Ignore {
  try {
    return compileIgnore(ignoreLines(text));
  } catch (error) {
    if (error instanceof BerthError) return compileIgnore([]);
    throw error;
  }
}
