import { BerthError } from '#lib/errors.ts';
import { type FileTree, folderOf, hasFile } from '../files.ts';
import { isTable, parseToml, type TomlTable, tomlAt } from '../toml.ts';
import { normalName, parseRequirement, readRequirements, type Requirement } from './requirements.ts';

/** Where a project says what it needs. */
export interface Manifest {
  kind: 'requirements' | 'pyproject' | 'pipfile';
  path: string;
  requirements: readonly Requirement[];
  /** Files that must be there to install from it. */
  files: readonly string[];
  /** The project itself is installed too, so its code has to be copied first. */
  needsProject: boolean;
  /** What the manifest says of Python, such as `>=3.10`. */
  requiresPython: { specifiers: string; file: string } | undefined;
  /** True if pip reads the file as it is; otherwise the requirements are written out. */
  readByPip: boolean;
  problems: readonly { message: string; file: string; line: number }[];
}

/** Names that people give a requirements file; the first that is there counts, and those for tests or development do not. */
const REQUIREMENTS_NAMES = ['requirements.txt', 'requirement.txt', 'requirements.in', 'requirements/base.txt', 'requirements/prod.txt', 'requirements/production.txt', 'requirements/requirements.txt'] as const; // prettier-ignore

/** The manifest that counts in a folder: requirements.txt, then pyproject.toml, then Pipfile; undefined if none says anything. */
export async function findManifest(tree: FileTree, folder = ''): Promise<Manifest | undefined> {
  const at = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const pyproject = await readPyproject(tree, at('pyproject.toml'));
  for (const name of REQUIREMENTS_NAMES) {
    if (!hasFile(tree, at(name))) continue;
    const read = await readRequirements(tree, at(name));
    return {
      kind: 'requirements', path: read.path, requirements: read.requirements, files: read.files,
      needsProject: read.needsProject, requiresPython: pyproject?.requiresPython, readByPip: true, problems: read.problems,
    }; // prettier-ignore
  }
  if (pyproject !== undefined && pyproject.requirements.length > 0) return pyproject;
  return (await readPipfile(tree, at('Pipfile'))) ?? pyproject;
}

async function tableOf(tree: FileTree, path: string): Promise<{ table?: TomlTable; problem?: string } | undefined> {
  const text = await tree.read(path);
  if (text === undefined) return undefined;
  try {
    return { table: parseToml(text) };
  } catch (error) {
    return { problem: error instanceof BerthError ? `${error.message}: ${error.why ?? ''}` : 'not TOML' };
  }
}

async function readPyproject(tree: FileTree, path: string): Promise<Manifest | undefined> {
  const read = await tableOf(tree, path);
  if (read === undefined) return undefined;
  const { table = {}, problem } = read;
  const listed = tomlAt(table, 'project', 'dependencies');
  const lines = Array.isArray(listed) ? listed.filter((item) => typeof item === 'string') : [];
  const requirements = lines.flatMap((line) => {
    const requirement = parseRequirement(line);
    return requirement === undefined ? [] : [{ ...requirement, file: path, line: 0 }];
  });
  const poetry = tomlAt(table, 'tool', 'poetry', 'dependencies');
  const fromPoetry = isTable(poetry) ? poetryRequirements(poetry, path) : [];
  const python = tomlAt(table, 'project', 'requires-python') ?? (isTable(poetry) ? poetry['python'] : undefined);
  return {
    kind: 'pyproject', path, requirements: requirements.length > 0 ? requirements : fromPoetry, files: [], needsProject: false, readByPip: false,
    requiresPython: typeof python === 'string' ? { specifiers: caret(python), file: path } : undefined,
    problems: problem === undefined ? [] : [{ message: problem, file: path, line: 0 }],
  }; // prettier-ignore
}

async function readPipfile(tree: FileTree, path: string): Promise<Manifest | undefined> {
  const read = await tableOf(tree, path);
  if (read === undefined) return undefined;
  const { table = {}, problem } = read;
  const packages = table['packages'];
  const python = tomlAt(table, 'requires', 'python_version');
  return {
    kind: 'pipfile', path, files: [], needsProject: false, readByPip: false,
    requirements: isTable(packages) ? poetryRequirements(packages, path) : [],
    requiresPython: typeof python === 'string' ? { specifiers: `==${python}.*`, file: path } : undefined,
    problems: problem === undefined ? [] : [{ message: problem, file: path, line: 0 }],
  }; // prettier-ignore
}

/** Poetry's and Pipenv's tables: `name = "^1.2"`, `name = {version = "…", extras = [...]}`. */
function poetryRequirements(table: TomlTable, file: string): Requirement[] {
  return Object.entries(table).flatMap(([name, value]) => {
    if (name === 'python' || (isTable(value) && value['optional'] === true)) return [];
    const version = isTable(value) ? value['version'] : value;
    const extras = isTable(value) && Array.isArray(value['extras']) ? value['extras'].map(String) : [];
    const specifiers = typeof version === 'string' ? caret(version) : '';
    return [{ name: normalName(name), extras, specifiers, marker: '', url: undefined, file, line: 0 }];
  });
}

/** Poetry's `^1.2`, `~1.2`, `1.2` and `*` as specifiers of PEP 440. */
export function caret(text: string): string {
  return text
    .split(',')
    .map((clause) => caretClause(clause.trim()))
    .filter((clause) => clause !== '')
    .join(',');
}

function caretClause(clause: string): string {
  const match = /^(\^|~(?!=))?\s*(\d+(?:\.\d+)*)(\.\*)?$/.exec(clause);
  if (match === null) return clause === '*' ? '' : clause.replace(/\s+/g, '');
  const [, sign, version = '', star = ''] = match;
  if (sign === undefined) return `==${version}${star}`;
  const parts = version.split('.').map(Number);
  const firstNonZero = parts.findIndex((part) => part !== 0);
  const raised = sign === '~' ? Math.min(1, parts.length - 1) : firstNonZero === -1 ? parts.length - 1 : firstNonZero;
  const limit = [...parts.slice(0, raised), (parts[raised] ?? 0) + 1].join('.');
  return `>=${version},<${limit}`;
}

/** The folder that holds a manifest and the code beside it. */
export function manifestFolder(manifest: Manifest | undefined): string {
  return manifest === undefined ? '' : folderOf(manifest.path);
}
