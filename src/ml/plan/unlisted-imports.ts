import { BROUGHT_BY, distributionOf } from '../data/distributions.ts';
import { STANDARD_LIBRARY } from '../data/standard-library.ts';
import { isAside, localModule, type ProjectFacts, reachable } from '../detect/project.ts';
import { foldersAbove } from '../detect/reach.ts';
import type { FileTree } from '../files.ts';
import { normalName } from '../detect/requirements.ts';
import type { PythonModule } from '../python/module.ts';
import { hiddenRequirements } from './hidden-requirements.ts';
import type { Evidence } from './plan.ts';

/** An import whose distribution no manifest lists. */
export interface UnlistedImport {
  module: string;
  distribution: string;
  evidence: Evidence;
  /** In a function, so that the program starts without it. */
  late: boolean;
  /** What needs the distribution, where `module` is another one. */
  why?: string;
}

/** Imports of the programs that come neither with Python, nor from the project, nor with what the manifest lists or locks. */
export function unlistedImports(facts: ProjectFacts, programs: readonly PythonModule[]): UnlistedImport[] {
  const { manifest } = facts;
  const listed = [...(manifest?.requirements ?? []), ...(manifest?.lock?.packages ?? [])].map(({ name }) => name);
  const present = broughtAlong(manifest?.kind === 'cog' ? [...listed, 'cog'] : listed);
  const found = new Map<string, UnlistedImport>();
  const modules = modulesOf(facts, programs);
  for (const item of modules.flatMap((module) => outsideImports(facts, module))) {
    const known = found.get(item.distribution);
    if (known === undefined || (known.late && !item.late))
      if (!isPresent(present, item.module, item.distribution)) found.set(item.distribution, item);
  }
  const hidden = hiddenRequirements(modules, facts, broughtAlong([...present, ...found.keys()]));
  return [...found.values(), ...hidden];
}

/** The programs with what they import; without any, all code that is not beside the project; without that, its notebooks. */
function modulesOf(facts: ProjectFacts, programs: readonly PythonModule[]): PythonModule[] {
  const inFront = facts.modules.filter(({ path }) => !isAside(path));
  const entries = programs.length > 0 ? programs : inFront;
  if (entries.length === 0) return facts.notebooks.map(({ module }) => module);
  return [...new Set(entries.flatMap((entry) => reachable(facts, entry)))];
}

function outsideImports({ tree }: ProjectFacts, module: PythonModule): UnlistedImport[] {
  return module.imports.flatMap(({ module: name, names, line, optional, late }) => {
    const top = name.split('.')[0] ?? '';
    const isInside = `/${module.path}`.includes(`/${top}/`);
    const isLocal = isInside || localModule(tree, module, top) !== undefined || isFolderOfCode(tree, module.path, top);
    if (optional || top === '' || STANDARD_LIBRARY.has(top) || isLocal || HOST_ONLY.has(top)) return [];
    const distribution = distributionOf(names.length === 1 ? `${name}.${names[0] ?? ''}` : name);
    if (isHostOnly(distribution) || distribution === 'google') return [];
    return [{ module: top, distribution, evidence: { file: module.path, line }, late }];
  });
}

const CODE_FOLDERS = new WeakMap<FileTree, ReadonlySet<string>>();

/** A folder beside or above the file that holds Python files: a package without `__init__.py`. Folders of data are none. */
function isFolderOfCode(tree: FileTree, path: string, name: string): boolean {
  const known = CODE_FOLDERS.get(tree);
  const folders = known ?? new Set(tree.files.flatMap((file) => (file.path.endsWith('.py') ? foldersAbove(file.path) : [])));
  CODE_FOLDERS.set(tree, folders);
  return foldersAbove(path).some((folder) => folders.has(folder === '' ? name : `${folder}/${name}`));
} // prettier-ignore

/** What only the machine has on which the code was written. */
const HOST_ONLY: ReadonlySet<string> = new Set(['__main__', 'win32api', 'win32com', 'win32con', 'win32gui', 'pythoncom', 'AppKit', 'Foundation', 'objc', 'Quartz', 'dbutils', 'bpy']); // prettier-ignore

const isHostOnly = (distribution: string): boolean => /^(google-colab|pywin32|python|pip)$/.test(distribution);

/** OpenCV, FAISS and others have several distributions for one import name. */
function isPresent(present: ReadonlySet<string>, top: string, distribution: string): boolean {
  const stem = distribution.replace(/-(headless|binary|cpu|gpu|contrib)$/, '').replace(/-python$/, '');
  const names = [distribution, normalName(top), stem];
  return (
    names.some((name) => present.has(name)) ||
    [...present].some((name) => name.startsWith(`${stem}-`) || name.startsWith(`${normalName(top)}-`))
  );
}

function broughtAlong(names: readonly string[]): Set<string> {
  const all = new Set(names);
  for (const name of all)
    for (const brought of Object.hasOwn(BROUGHT_BY, name) ? (BROUGHT_BY[name] ?? []) : []) all.add(brought);
  return all;
}
