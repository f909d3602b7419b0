import { joinPath } from '../../files.ts';
import { isTable, textOf, type Toml, tomlAt, tomlLine, type TomlTable } from '../../toml.ts';
import { normalName, parseRequirement, type Requirement } from '../requirements.ts';
import { addRequirement, type RequirementRole } from './add-requirement.ts';
import { plainAddress, withoutCredentials } from './addresses.ts';
import type { Draft } from './contract.ts';
import { caret } from './poetry-versions.ts';

/** Reads `[tool.poetry]` of a pyproject.toml (Poetry, "The pyproject.toml file"): the main group is installed, the other groups are optional. */
export function readPoetry(draft: Draft, table: TomlTable, folder: string): void {
  const poetry = tomlAt(table, 'tool', 'poetry');
  if (!isTable(poetry)) return;
  const own = poetry['dependencies'];
  const known = new Set(draft.requirements.map(({ name }) => name));
  if (isTable(own)) readTable(draft, own, { role: 'requirement', folder, listed: known });
  if (isTable(poetry['dev-dependencies'])) readTable(draft, poetry['dev-dependencies'], { role: { group: 'dev' }, folder }); // prettier-ignore
  const groups = isTable(poetry['group']) ? poetry['group'] : {};
  for (const [group, content] of Object.entries(groups)) {
    const listed = tomlAt(isTable(content) ? content : {}, 'dependencies');
    if (isTable(listed)) readTable(draft, listed, { role: group === 'main' ? 'requirement' : { group }, folder });
  }
  readExtras(draft, poetry);
  readSources(draft, poetry);
  readScripts(draft, poetry);
  const python = isTable(own) ? (own['python'] ?? undefined) : undefined;
  if (typeof python === 'string' && draft.requiresPython === undefined)
    draft.requiresPython = { specifiers: caret(python), file: draft.path, line: tomlLine(own, 'python') };
}

export interface TableRole {
  role: RequirementRole;
  /** Folder of the manifest, which paths start from. */
  folder: string;
  /** Names that `[project]` lists; of these Poetry 2 says here only where they come from. */
  listed?: ReadonlySet<string>;
}

/** Tables of Poetry and Pipenv: `name = "^1.2"`, `name = {version = "…", extras = […], markers = "…"}`, or a list of such. */
export function readTable(draft: Draft, table: TomlTable, { role, folder, listed }: TableRole): void {
  for (const [name, value] of Object.entries(table)) {
    if (name === 'python') continue;
    const line = tomlLine(table, name);
    for (const one of Array.isArray(value) ? value : [value]) {
      const isOptional = isTable(one) && one['optional'] === true;
      const requirement = fromEntry(draft, { name, value: one, line }, folder);
      if (requirement === undefined) continue;
      if (listed?.has(requirement.name) === true) linkTo(draft, requirement);
      else
        addRequirement(draft, requirement, isOptional && role === 'requirement' ? { group: normalName(name) } : role);
    }
  }
}

function linkTo(draft: Draft, { name, url }: Requirement): void {
  if (url === undefined) return;
  const address = withoutCredentials(url).address;
  draft.requirements = draft.requirements.map((item) => (item.name === name ? { ...item, specifiers: '', url: address } : item)); // prettier-ignore
}

function fromEntry(
  draft: Draft,
  { name, value, line }: { name: string; value: Toml; line: number },
  folder: string,
): Requirement | undefined {
  const options = isTable(value) ? value : {};
  const text = (key: string): string | undefined => (typeof options[key] === 'string' ? options[key] : undefined);
  const extras = Array.isArray(options['extras']) ? options['extras'].map(String) : [];
  const path = text('path') ?? text('file');
  const file = draft.path;
  if (path !== undefined && !path.includes('://')) {
    const target = joinPath(folder, path);
    if (target !== undefined) draft.projects.push({ path: target, extras, editable: options['develop'] === true || options['editable'] === true, isRead: false, file, line }); // prettier-ignore
    return undefined;
  }
  const source = text('source') ?? text('index');
  if (source !== undefined) draft.index.sources.set(normalName(name), source);
  const version = typeof value === 'string' ? value : text('version');
  return {
    name: normalName(name),
    extras,
    specifiers: caret(version ?? ''),
    marker: markerOf(options),
    url: linkOf(options) ?? path,
    file,
    line,
  };
}

/** `markers`, and Poetry's shorter `python` and `platform`; Pipenv's keys named after variables. */
function markerOf(options: TomlTable): string {
  const parts: string[] = [];
  const { markers, python, platform } = options;
  if (typeof markers === 'string') parts.push(`(${markers})`);
  if (typeof python === 'string')
    parts.push(...caret(python).split(',').filter((clause) => clause !== '').map((clause) => clause.replace(/^([<>=!~]+)(.*)$/, 'python_version $1 "$2"'))); // prettier-ignore
  if (typeof platform === 'string') parts.push(`sys_platform == "${platform}"`);
  for (const variable of ['sys_platform', 'os_name', 'platform_system', 'platform_machine', 'python_version'])
    if (typeof options[variable] === 'string') parts.push(`${variable} ${options[variable]}`);
  return parts.length === 1 ? (parts[0] ?? '').replace(/^\((.*)\)$/, '$1') : parts.join(' and ');
}

function linkOf(options: TomlTable): string | undefined {
  if (typeof options['git'] === 'string') {
    const revision = options['rev'] ?? options['tag'] ?? options['branch'] ?? options['ref'];
    const folder = options['subdirectory'];
    const address = options['git'].replace(/^git@([^:/]+):/, 'ssh://git@$1/');
    return `git+${address}${typeof revision === 'string' ? `@${revision}` : ''}${typeof folder === 'string' ? `#subdirectory=${folder}` : ''}`;
  }
  return typeof options['url'] === 'string' ? options['url'] : undefined;
}

/** `[tool.poetry.extras] serve = ["fastapi"]` names optional dependencies of the main group. */
function readExtras(draft: Draft, poetry: TomlTable): void {
  const extras = isTable(poetry['extras']) ? poetry['extras'] : {};
  for (const [extra, names] of Object.entries(extras)) {
    draft.extras.add(extra);
    const members = (Array.isArray(names) ? names : []).map((name) => normalName(parseRequirement(textOf(name))?.name ?? '')); // prettier-ignore
    draft.optional.set(extra, [...(draft.optional.get(extra) ?? []), ...members.flatMap((name) => draft.optional.get(name) ?? [])]); // prettier-ignore
  }
}

/** `[[tool.poetry.source]]`: addresses beside the index, and by their names those that packages ask for. */
function readSources(draft: Draft, poetry: TomlTable): void {
  const sources = Array.isArray(poetry['source']) ? poetry['source'] : [];
  const addresses = new Map<string, string>();
  for (const [index, source] of sources.entries()) {
    if (!isTable(source) || typeof source['url'] !== 'string') continue;
    const address = plainAddress(draft, source['url'], { file: draft.path, line: tomlLine(sources, index) });
    addresses.set(textOf(source['name']), address.url);
    if (source['priority'] === 'primary' || source['default'] === true) draft.index.index = address;
    else if (source['priority'] !== 'explicit') draft.index.extra.push(address);
  }
  for (const [name, source] of draft.index.sources)
    draft.index.sources.set(name, addresses.get(source) ?? source);
} // prettier-ignore

function readScripts(draft: Draft, poetry: TomlTable): void {
  const scripts = isTable(poetry['scripts']) ? poetry['scripts'] : {};
  for (const [name, target] of Object.entries(scripts))
    if (typeof target === 'string') draft.scripts.push({ name, target, file: draft.path, line: tomlLine(scripts, name) });
} // prettier-ignore
