import { type FileTree, joinPath } from '../files.ts';
import { moduleFile } from './reach.ts';
import type { StartCommand } from './start-command.ts';

/** A file of the project that says how its program is started. */
export interface StartHint {
  /** What kind of file it is, for people. */
  source: string;
  file: string;
  line: number;
  /** How binding it is; commands in a README are the least. */
  weight: number;
  /** Folder of the project that the command runs in. */
  folder: string;
  /** Undefined where only a port is named. */
  command: StartCommand | undefined;
  port: number | undefined;
  /** Kind of app that the file speaks of, such as `streamlit`; undefined for any. */
  kind: string | undefined;
}

/** The Python file that a hint means; undefined if it means none of the project. */
export function hintedFile(tree: FileTree, { folder, command }: StartHint): string | undefined {
  if (command === undefined) return undefined;
  const root = joinPath(folder, command.folder) ?? folder;
  if (command.script !== undefined) return fileNamed(tree, root, command.script);
  if (command.target === undefined) return undefined;
  const { module } = command.target;
  const exact = moduleFile(tree, root, module) ?? moduleFile(tree, root, `${module}.__main__`);
  return exact ?? fileNamed(tree, root, `${module.replaceAll('.', '/')}.py`);
}

/** A file below a folder, or the only one of the tree whose path ends so: containers have their own folders. */
function fileNamed(tree: FileTree, root: string, name: string): string | undefined {
  const path = joinPath(root, name);
  const ends = `/${name.replace(/^\/+(?:app|code|src|srv|workspace|home\/\w+|usr\/src\/app)\//, '').replace(/^\/+/, '')}`;
  const below = tree.files.filter((file) => file.path === path || `/${file.path}`.endsWith(ends));
  return below.find((file) => file.path === path)?.path ?? (below.length === 1 ? below[0]?.path : undefined);
}
