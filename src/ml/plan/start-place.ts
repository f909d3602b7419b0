import type { AppFacts } from '../detect/app.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { foldersAbove, moduleFile, reachable } from '../detect/reach.ts';
import { baseOf, folderOf, hasFile, hasFolder, joinPath } from '../files.ts';
import type { PythonModule } from '../python/module.ts';

/** Where a program is started, and how its file is called from there. */
export interface StartPlace {
  /** Folder of the project, empty for its top. */
  directory: string;
  /** `package.module`. */
  dotted: string;
  /** Path of the file from the folder. */
  script: string;
  /** True if the file can only be found as a part of its package: `python -m package.module`. */
  asModule: boolean;
  /** Folder, from the start folder, that imports are looked up in although nothing puts it there. */
  pythonPath: string | undefined;
}

const HOMES =
  /^(?:requirements?\.txt|pyproject\.toml|Pipfile|setup\.py|Procfile|Dockerfile|manage\.py|environment\.ya?ml)$/;

/**
 * The folder to start a program in: the one where all that it imports by bare names and opens by relative paths is found; where several would do,
 * the one that a file of the project names, that of the nearest manifest, the top. `isScript` for programs whose own folder Python looks into by itself.
 */
export function startPlace(facts: ProjectFacts, app: AppFacts, isScript: boolean): StartPlace {
  const { path } = app.module;
  const own = folderOf(path);
  const modules = reachable(facts, app.module).slice(0, 300);
  const minimum = packageDepth(app.module);
  const hinted = app.hint === undefined || app.hint.weight < 100 || app.hint.command?.program === 'console' ? undefined : joinPath(app.hint.folder, app.hint.command?.folder ?? '');
  const first = [hinted, isScript ? undefined : sourceRoot(facts, path)].filter((folder) => folder !== undefined);
  const candidates = [...new Set([...first, homeOf(facts, path), '', ...foldersAbove(path).toReversed()])].filter(
    (folder) => (folder === '' || own === folder || own.startsWith(`${folder}/`)) && (isScript || levels(own) - levels(folder) >= minimum),
  );
  const lookUp = (folder: string): number => resolved(facts, modules, folder);
  const best = candidates.map((folder) => ({ folder, found: (isScript ? Math.max(lookUp(own), lookUp(folder)) : lookUp(folder)) + opened(facts, modules, folder) }))
    .reduce((a, b) => (b.found > a.found ? b : a), { folder: candidates[0] ?? '', found: -1 });
  const directory = best.folder;
  const script = below(directory, path);
  const dotted = script.replace(/\.py$/, '').replace(/(?:^|\/)__init__$/, '').replaceAll('/', '.');
  const missing = isScript && own !== directory && lookUp(directory) > lookUp(own);
  const asModule = isScript && (minimum > 0 || missing) && /^[\w.]+$/.test(dotted);
  return { directory, dotted, script, asModule, pythonPath: missing ? '.' : undefined };
} // prettier-ignore

function levels(folder: string): number {
  return folder === '' ? 0 : folder.split('/').length;
}

export function below(directory: string, path: string): string {
  return directory === '' ? path : path.slice(directory.length + 1);
}

/** How many packages above a file its relative imports speak of. */
function packageDepth({ path, imports }: PythonModule): number {
  const dots = Math.max(0, ...imports.map(({ module }) => /^\.*/.exec(module)?.[0].length ?? 0));
  return baseOf(path) === '__init__.py' ? Math.max(1, dots) : dots;
}

/** The nearest folder above with a file that says how to install or start. */
function homeOf({ tree }: ProjectFacts, path: string): string {
  const names = new Set(tree.files.filter((file) => HOMES.test(baseOf(file.path))).map((file) => folderOf(file.path)));
  return foldersAbove(path).find((folder) => names.has(folder)) ?? '';
}

/** The `src` folder that a package lies in, which is no package itself. */
function sourceRoot({ tree }: ProjectFacts, path: string): string | undefined {
  const root = foldersAbove(path).slice(1).find((folder) => baseOf(folder) === 'src');
  return root === undefined || hasFile(tree, `${root}/__init__.py`) ? undefined : root;
} // prettier-ignore

/** How many of the project's own imports are found from a folder. */
function resolved({ tree }: ProjectFacts, modules: readonly PythonModule[], folder: string): number {
  let count = 0;
  for (const { path, imports } of modules)
    for (const { module } of imports) {
      if (module.startsWith('.')) continue;
      const file = moduleFile(tree, folder, module);
      if ((file !== undefined && file !== path) || hasFolder(tree, folder === '' ? module.replaceAll('.', '/') : `${folder}/${module.replaceAll('.', '/')}`)) count++;
    }
  return count;
} // prettier-ignore

/** How many of the files that the program reads by relative paths are found from a folder. */
function opened({ tree }: ProjectFacts, modules: readonly PythonModule[], folder: string): number {
  const relative = modules.flatMap(({ files }) => files.filter(({ mode, path }) => mode === 'read' && !path.startsWith('/')));
  return relative.filter(({ path }) => {
    const here = joinPath(folder, path);
    return here !== undefined && here !== '' && (path.startsWith('../') || hasFile(tree, here) || hasFolder(tree, here));
  }).length;
} // prettier-ignore
