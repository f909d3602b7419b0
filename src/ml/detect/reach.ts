import { baseOf, type FileTree, folderOf, hasFile, joinPath } from '../files.ts';
import type { PythonImport, PythonModule } from '../python/module.ts';

const SIDE_FOLDERS =
  /(^|\/)(tests?|testing|examples?|samples?|docs?|benchmarks?|notebooks?|\.github|site-packages|build|dist|migrations|third_party|vendor|archive|archived|backup|old|legacy|deprecated|\.[^/]+)\//;

/** Tests, examples and the like: not part of what runs. */
export function isAside(path: string): boolean {
  return SIDE_FOLDERS.test(path) || /^(test_.*|.*_tests?|tests?|conftest|setup|noxfile|fabfile|tasks|versioneer|.*[_-](?:old|backup|bak|copy)|.* .*)\.py$/i.test(baseOf(path)); // prettier-ignore
}

/** The folders above a file, the nearest first, the top (empty) last. */
export function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let folder = folderOf(path); folder !== ''; folder = folderOf(folder)) folders.push(folder);
  return [...folders, ''];
}

function under(root: string, steps: string): string {
  return root === '' ? steps : steps === '' ? root : `${root}/${steps}`;
}

/** The file below `root` that a dotted name means. */
export function moduleFile(tree: FileTree, root: string, dotted: string): string | undefined {
  const base = under(root, dotted.replaceAll('.', '/'));
  return [`${base}.py`, `${base}/__init__.py`].find((path) => hasFile(tree, path));
}

/** The file of the project that an import of `from` means; undefined for one from outside. */
export function localModule(tree: FileTree, from: Pick<PythonModule, 'path'>, name: string): string | undefined {
  const dots = /^\.*/.exec(name)?.[0].length ?? 0;
  if (dots > 0) {
    const folder = joinPath(folderOf(from.path), '../'.repeat(dots - 1));
    return folder === undefined ? undefined : moduleFile(tree, folder, name.slice(dots));
  }
  if (!moduleNames(tree).has(name.split('.', 1)[0] ?? '')) return undefined;
  const found = nearestModule(tree, folderOf(from.path), name);
  return found.find((path) => path !== from.path);
}

/** Names that a file or folder of the tree has: most imports are of none of them. */
function moduleNames(tree: FileTree): ReadonlySet<string> {
  const known = NAMES.get(tree);
  if (known !== undefined) return known;
  const names = new Set(tree.files.flatMap(({ path }) => (path.endsWith('.py') ? path.slice(0, -3).split('/') : [])));
  NAMES.set(tree, names);
  return names;
}

const NAMES = new WeakMap<FileTree, ReadonlySet<string>>();
const NEAREST = new WeakMap<FileTree, Map<string, readonly string[]>>();

/** Files that a dotted name can mean for the files of a folder, the nearest first. */
function nearestModule(tree: FileTree, folder: string, name: string): readonly string[] {
  const known = NEAREST.get(tree) ?? new Map<string, readonly string[]>();
  NEAREST.set(tree, known);
  const key = `${folder}:${name}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const roots = foldersAbove(`${folder}/`);
  const found = [...roots, ...roots.map((root) => under(root, 'src'))].flatMap((root) => moduleFile(tree, root, name) ?? []);
  known.set(key, found);
  return found;
} // prettier-ignore

/** A module and those of the project that it imports, directly or not. */
export function reachable(
  { tree, modules }: { tree: FileTree; modules: readonly PythonModule[] },
  entry: PythonModule,
): PythonModule[] {
  const byPath = modulesByPath(modules);
  const found = new Map([[entry.path, entry]]);
  for (const path of namedByStrings(tree, modules, entry)) {
    const next = byPath.get(path);
    if (next !== undefined) found.set(path, next);
  }
  for (const module of found.values())
    for (const path of importedFiles(tree, module)) {
      const next = byPath.get(path);
      if (next !== undefined) found.set(next.path, next);
    }
  return [...found.values()];
}

/** What a program imports by name: `uvicorn.run("app.main:app")`, and with Django all files beside its start. */
function namedByStrings(tree: FileTree, modules: readonly PythonModule[], entry: PythonModule): string[] {
  const targets = entry.binds.flatMap(({ target }) => /^([\w.]+):[\w.]+$/.exec(target ?? '')?.[1] ?? []);
  const files = targets.flatMap((name) => localModule(tree, entry, name) ?? []);
  if (!entry.imports.some(({ module }) => module.split('.')[0] === 'django')) return files;
  const start = foldersAbove(entry.path).find((folder) => hasFile(tree, under(folder, 'manage.py'))) ?? '';
  const beside = modules.filter(({ path }) => (start === '' || path.startsWith(`${start}/`)) && !isAside(path));
  return [...files, ...beside.map(({ path }) => path)];
}

const BY_PATH = new WeakMap<readonly PythonModule[], ReadonlyMap<string, PythonModule>>();

export function modulesByPath(modules: readonly PythonModule[]): ReadonlyMap<string, PythonModule> {
  const known = BY_PATH.get(modules);
  if (known !== undefined) return known;
  const made = new Map(modules.map((module) => [module.path, module]));
  BY_PATH.set(modules, made);
  return made;
}

/** Files of the project that a module imports directly, with those of the packages on the way. */
export function importedFiles(tree: FileTree, module: Pick<PythonModule, 'path' | 'imports'>): string[] {
  const files = new Set<string>();
  for (const item of module.imports)
    for (const name of dottedNames(item)) {
      const path = localModule(tree, module, name);
      if (path !== undefined) files.add(path);
    }
  return [...files];
}

/** What it imports, the packages above, and each name as a module of its own: `from package import module`. */
function dottedNames({ module, names }: PythonImport): string[] {
  const parts = module.split('.');
  const above = module.startsWith('.') ? [module] : parts.map((_, index) => parts.slice(0, index + 1).join('.'));
  const below = names.slice(0, 100).map((name) => `${module}${module.endsWith('.') ? '' : '.'}${name}`);
  return [...above, ...below];
}
