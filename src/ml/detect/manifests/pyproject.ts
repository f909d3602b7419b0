import { type FileTree, folderOf, joinPath } from '../../files.ts';
import { isTable, textOf, tomlAt, tomlLine, type TomlTable } from '../../toml.ts';
import { normalName } from '../requirements.ts';
import { plainAddress } from './addresses.ts';
import { type Draft, newDraft, problem } from './contract.ts';
import { readDependencyGroups } from './dependency-groups.ts';
import { versionVariable } from './git-versions.ts';
import { readPoetry } from './poetry.ts';
import { readList } from './requirement-list.ts';
import { readRequirementsFile } from './requirements-file.ts';
import { readTomlFile } from './toml-file.ts';
import { readUv } from './uv.ts';
import { addWorkspaceMembers } from './workspace.ts';

/** Reads pyproject.toml: `[project]` (PEP 621), groups (PEP 735), and the tables of Poetry, uv, PDM, Hatch and setuptools; undefined if there is none. */
export async function readPyproject(tree: FileTree, path: string): Promise<Draft | undefined> {
  const read = await readTomlFile(tree, path);
  if (read === undefined) return undefined;
  const { table, trouble } = read;
  const draft = newDraft('pyproject', path, managerOf(table));
  draft.files.push(path);
  if (trouble !== undefined)
    draft.problems.push(problem('manifest-unreadable', { file: path, line: trouble.line }, { message: `${path}: ${trouble.message}`, fix: 'mend the file', severity: 'error' })); // prettier-ignore
  readProject(draft, table);
  readBuild(draft, table);
  readDependencyGroups(draft, table);
  readPoetry(draft, table, folderOf(path));
  const members = readUv(draft, table, folderOf(path));
  readPdm(draft, table);
  readHatch(draft, table);
  await addWorkspaceMembers(tree, draft, members);
  await readDynamic(tree, draft, table);
  return draft;
}

function managerOf(table: TomlTable): Draft['manager'] {
  const backend = textOf(tomlAt(table, 'build-system', 'build-backend'));
  const hasProject = tomlAt(table, 'project', 'dependencies') !== undefined;
  if (isTable(tomlAt(table, 'tool', 'poetry', 'dependencies')) && !hasProject) return 'poetry';
  if (isTable(tomlAt(table, 'tool', 'uv'))) return 'uv';
  if (backend.startsWith('poetry.') || isTable(tomlAt(table, 'tool', 'poetry'))) return 'poetry';
  return backend.startsWith('pdm.') || isTable(tomlAt(table, 'tool', 'pdm')) ? 'pdm' : 'pip';
} // prettier-ignore

function readProject(draft: Draft, table: TomlTable): void {
  const project = tomlAt(table, 'project');
  const name = tomlAt(table, 'project', 'name') ?? tomlAt(table, 'tool', 'poetry', 'name');
  const canBuild = isTable(table['build-system']) && tomlAt(table, 'tool', 'poetry', 'package-mode') !== false;
  if (typeof name === 'string' && canBuild) draft.packageName = normalName(name);
  if (!isTable(project)) return;
  readList(draft, project['dependencies'], 'requirement');
  const optional = project['optional-dependencies'];
  for (const [extra, list] of Object.entries(isTable(optional) ? optional : {})) {
    draft.extras.add(extra);
    readList(draft, list, { group: extra });
  }
  if (typeof name === 'string') expandOwnExtras(draft, normalName(name));
  const python = project['requires-python'];
  if (typeof python === 'string')
    draft.requiresPython = { specifiers: python, file: draft.path, line: tomlLine(project, 'requires-python') };
  readClassifiers(draft, project);
  const scripts = project['scripts'];
  if (isTable(scripts))
    for (const [script, target] of Object.entries(scripts))
      if (typeof target === 'string')
        draft.scripts.push({ name: script, target, file: draft.path, line: tomlLine(scripts, script) });
}

function readBuild(draft: Draft, table: TomlTable): void {
  const requires = tomlAt(table, 'build-system', 'requires');
  const names = (Array.isArray(requires) ? requires : []).map(textOf);
  const isScm = textOf(tomlAt(table, 'tool', 'pdm', 'version', 'source')) === 'scm';
  draft.versionVariable = isScm ? 'PDM_BUILD_SCM_VERSION' : versionVariable(names.join(' '));
}

function readClassifiers(draft: Draft, project: TomlTable): void {
  const list = project['classifiers'];
  if (!Array.isArray(list)) return;
  const versions = list.flatMap((item) => /^Programming Language :: Python :: (3\.\d+)$/.exec(textOf(item))?.[1] ?? []);
  if (versions.length > 0)
    draft.classifiedPythons = { versions, file: draft.path, line: tomlLine(project, 'classifiers') };
}

/** `all = ["name[serve,gpu]"]`: extras that name others of the same project. */
function expandOwnExtras(draft: Draft, name: string): void {
  for (let round = 0; round < 5; round++)
    for (const [extra, list] of draft.optional) {
      const own = list.filter((item) => item.name === name);
      if (own.length === 0) continue;
      const named = own.flatMap(({ extras }) => extras.flatMap((other) => (other === extra ? [] : (draft.optional.get(other) ?? []))));
      draft.optional.set(extra, [...list.filter((item) => item.name !== name), ...named]);
    }
} // prettier-ignore

function readPdm(draft: Draft, table: TomlTable): void {
  const groups = tomlAt(table, 'tool', 'pdm', 'dev-dependencies');
  if (isTable(groups)) for (const [group, list] of Object.entries(groups)) readList(draft, list, { group });
  const sources = tomlAt(table, 'tool', 'pdm', 'source');
  for (const [index, source] of (Array.isArray(sources) ? sources : []).entries()) {
    if (!isTable(source) || typeof source['url'] !== 'string') continue;
    const address = plainAddress(draft, source['url'], { file: draft.path, line: tomlLine(sources, index) });
    if (source['type'] === 'find_links') draft.index.findLinks.push(address);
    else if (source['name'] === 'pypi') draft.index.index = address;
    else draft.index.extra.push(address);
  }
}

/** Hatch's environments: the default one is where a project is run that lists nothing elsewhere. */
function readHatch(draft: Draft, table: TomlTable): void {
  const environments = tomlAt(table, 'tool', 'hatch', 'envs');
  if (!isTable(environments)) return;
  for (const [name, content] of Object.entries(environments)) {
    if (!isTable(content)) continue;
    const isNeeded = name === 'default' && draft.requirements.length === 0;
    readList(draft, content['dependencies'], isNeeded ? 'requirement' : { group: name });
    readList(draft, content['extra-dependencies'], { group: name });
  }
}

/** `dynamic = ["dependencies"]`: setuptools and the plugin of Hatch read them from files. */
async function readDynamic(tree: FileTree, draft: Draft, table: TomlTable): Promise<void> {
  const dynamic = tomlAt(table, 'project', 'dynamic');
  if (!Array.isArray(dynamic) || !dynamic.includes('dependencies')) return;
  const named =
    tomlAt(table, 'tool', 'setuptools', 'dynamic', 'dependencies', 'file') ??
    tomlAt(table, 'tool', 'hatch', 'metadata', 'hooks', 'requirements_txt', 'files');
  for (const name of Array.isArray(named) ? named : [named]) {
    const path = typeof name === 'string' ? joinPath(folderOf(draft.path), name) : undefined;
    if (path === undefined) continue;
    const read = await readRequirementsFile(tree, path);
    draft.requirements.push(...read.requirements);
    draft.constraints.push(...read.constraints);
    draft.projects.push(...read.projects);
    draft.files.push(...read.files);
    draft.problems.push(...read.problems);
    draft.credentials.push(...read.credentials);
    draft.index.extra.push(...read.index.extra);
  }
}
