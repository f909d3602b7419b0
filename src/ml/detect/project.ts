import { baseOf, type FileTree, folderOf, hasFile, joinPath } from '../files.ts';
import { type PythonModule } from '../python/module.ts';
import { readModule } from '../python/read-module.ts';
import { findManifest, type Manifest } from './manifest.ts';
import { type PythonRequest, pythonRequests } from './python-version.ts';

/** What was read of a project, before anything is decided. */
export interface ProjectFacts {
  tree: FileTree;
  modules: readonly PythonModule[];
  manifest: Manifest | undefined;
  pythonRequests: readonly PythonRequest[];
  dockerfile: { path: string; text: string } | undefined;
  /** What could not be looked at, in words. */
  unknown: readonly string[];
}

const MAX_MODULES = 2000;
const MAX_SOURCE_BYTES = 4 * 1024 * 1024;
const SIDE_FOLDERS =
  /(^|\/)(tests?|examples?|docs?|benchmarks?|notebooks?|\.github|site-packages|build|dist|migrations)\//;

/** Reads a project's manifests and code. Nothing of it is executed. */
export async function readProject(tree: FileTree): Promise<ProjectFacts> {
  const unknown: string[] = tree.complete ? [] : ['the folder holds more files than were looked at'];
  const modules = await readModules(tree, unknown);
  const text = await tree.read('Dockerfile');
  return {
    tree,
    modules,
    manifest: await findManifest(tree),
    pythonRequests: await pythonRequests(tree),
    dockerfile: text === undefined ? undefined : { path: 'Dockerfile', text },
    unknown,
  };
}

async function readModules(tree: FileTree, unknown: string[]): Promise<PythonModule[]> {
  const paths = tree.files
    .filter(({ path }) => path.endsWith('.py'))
    .toSorted((a, b) => rank(a.path) - rank(b.path) || (a.path < b.path ? -1 : 1));
  const modules: PythonModule[] = [];
  let bytes = 0;
  for (const file of paths) {
    bytes += file.bytes;
    if (modules.length >= MAX_MODULES || bytes > MAX_SOURCE_BYTES) {
      unknown.push(`${paths.length - modules.length} of ${paths.length} Python files were not read`);
      break;
    }
    const source = await tree.read(file.path);
    if (source !== undefined) modules.push(readModule(file.path, source));
  }
  return modules;
}

/** Files near the top first, those beside the program last. */
function rank(path: string): number {
  return path.split('/').length + (isAside(path) ? 100 : 0);
}

/** Tests, examples and the like: not part of what runs. */
export function isAside(path: string): boolean {
  return SIDE_FOLDERS.test(path) || /^(test_.*|.*_test|conftest|setup)\.py$/.test(baseOf(path));
}

/** The file of the project that an import of `from` means; undefined for one from outside. */
export function localModule(tree: FileTree, from: PythonModule, name: string): string | undefined {
  const dots = /^\.*/.exec(name)?.[0].length ?? 0;
  const steps = name.slice(dots).replaceAll('.', '/');
  const folder = folderOf(from.path);
  const roots = dots > 0 ? [joinPath(folder, '../'.repeat(dots - 1))] : [folder, '', 'src'];
  for (const root of roots) {
    if (root === undefined) continue;
    const base = [root, steps].filter((part) => part !== '').join('/');
    const found = [`${base}.py`, `${base}/__init__.py`].find((path) => hasFile(tree, path));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A module and those of the project that it imports, directly or not. */
export function reachable(facts: ProjectFacts, entry: PythonModule): PythonModule[] {
  const byPath = new Map(facts.modules.map((module) => [module.path, module]));
  const found = new Map([[entry.path, entry]]);
  for (const module of found.values())
    for (const name of importedNames(module)) {
      const next = byPath.get(localModule(facts.tree, module, name) ?? '');
      if (next !== undefined) found.set(next.path, next);
    }
  return [...found.values()];
}

/** What it imports, and each name as a module of its own: `from package import module`. */
function importedNames({ imports }: PythonModule): string[] {
  return imports.flatMap(({ module, names }) => [
    module,
    ...names.map((name) => `${module}${module.endsWith('.') ? '' : '.'}${name}`),
  ]);
}
