import { type FileTree, folderOf } from '../../files.ts';
import { isTable, type Toml, tomlAt, tomlLine, type TomlTable } from '../../toml.ts';
import { addCondaPackage } from './conda-package.ts';
import { type Draft, newDraft, problem } from './contract.ts';
import { readTable } from './poetry.ts';
import { readTomlFile } from './toml-file.ts';

/** Reads pixi.toml, or `[tool.pixi]` of a pyproject.toml (Pixi, "Manifest"): packages of conda and of the index; undefined if there is none. */
export async function readPixi(tree: FileTree, folder: string): Promise<Draft | undefined> {
  const at = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const own = await readTomlFile(tree, at('pixi.toml'));
  const path = own === undefined ? at('pyproject.toml') : at('pixi.toml');
  const shared = own === undefined ? tomlAt((await readTomlFile(tree, path))?.table ?? {}, 'tool', 'pixi') : undefined;
  const table = own?.table ?? (isTable(shared) ? shared : undefined);
  if (table === undefined) return undefined;
  const draft = newDraft('conda', path, 'conda');
  draft.files.push(path);
  if (own?.trouble !== undefined)
    draft.problems.push(problem('manifest-unreadable', { file: path, line: own.trouble.line }, { message: `${path}: ${own.trouble.message}`, fix: 'mend the file', severity: 'error' })); // prettier-ignore
  readPart(draft, table, folderOf(path));
  const linux = tomlAt(table, 'target', 'linux-64');
  if (isTable(linux)) readPart(draft, linux, folderOf(path));
  return draft;
}

function readPart(draft: Draft, table: TomlTable, folder: string): void {
  const conda = table['dependencies'];
  for (const [name, value] of Object.entries(isTable(conda) ? conda : {}))
    addCondaPackage(draft, `${name} ${versionIn(value)}`, { file: draft.path, line: tomlLine(conda, name) });
  const index = table['pypi-dependencies'];
  if (isTable(index)) readTable(draft, index, { role: 'requirement', folder });
}

function versionIn(value: Toml): string {
  const version = isTable(value) ? value['version'] : value;
  return typeof version === 'string' && version !== '*' ? version : '';
}
