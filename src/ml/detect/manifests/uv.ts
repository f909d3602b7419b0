import { joinPath } from '../../files.ts';
import { isTable, textOf, type Toml, tomlAt, tomlLine, type TomlTable } from '../../toml.ts';
import { normalName, type Requirement } from '../requirements.ts';
import { plainAddress, withoutCredentials } from './addresses.ts';
import type { Draft } from './contract.ts';
import { readList } from './requirement-list.ts';
import type { WorkspaceMember } from './workspace.ts';

/** Reads `[tool.uv]` of a pyproject.toml (uv, "Settings", "Managing dependencies"): indexes, sources of single packages. Gives back the packages that come from its workspace. */
export function readUv(draft: Draft, table: TomlTable, folder: string): WorkspaceMember[] {
  const uv = tomlAt(table, 'tool', 'uv');
  if (!isTable(uv)) return [];
  const indexes = readIndexes(draft, uv);
  readList(draft, uv['dev-dependencies'], { group: 'dev' });
  readList(draft, uv['constraint-dependencies'], 'constraint');
  readList(draft, uv['override-dependencies'], 'constraint');
  const sources = isTable(uv['sources']) ? uv['sources'] : {};
  for (const [name, source] of Object.entries(sources))
    for (const one of Array.isArray(source) ? source : [source])
      if (isTable(one) && appliesHere(one) && isChosen(one, indexes)) applySource(draft, { name: normalName(name), source: one, line: tomlLine(sources, name) }, { indexes, folder }); // prettier-ignore
  if (uv['package'] === false) draft.packageName = undefined;
  return Object.entries(sources)
    .filter(([, source]) => isTable(source) && source['workspace'] === true)
    .map(([name]) => ({ name: normalName(name), line: tomlLine(sources, name) }));
}

function readIndexes(draft: Draft, uv: TomlTable): ReadonlyMap<string, string> {
  const addresses = new Map<string, string>();
  const list = Array.isArray(uv['index']) ? uv['index'] : [];
  for (const [at, index] of list.entries()) {
    if (!isTable(index) || typeof index['url'] !== 'string') continue;
    const evidence = { file: draft.path, line: tomlLine(list, at) };
    const address = plainAddress(draft, index['url'], evidence);
    addresses.set(textOf(index['name']), address.url);
    if (index['default'] === true) draft.index.index = address;
    else if (index['explicit'] !== true) draft.index.extra.push(address);
  }
  const url = tomlAt(uv, 'index-url') ?? tomlAt(uv, 'pip', 'index-url');
  if (typeof url === 'string')
    draft.index.index = plainAddress(draft, url, { file: draft.path, line: tomlLine(uv, 'index-url') });
  for (const extra of strings(uv['extra-index-url']))
    draft.index.extra.push(plainAddress(draft, extra, { file: draft.path, line: tomlLine(uv, 'extra-index-url') }));
  if (/^(allow|if-necessary)$/.test(textOf(uv['prerelease']))) draft.index.preReleases = true;
  return addresses;
}

const strings = (value: Toml | undefined): string[] =>
  (Array.isArray(value) ? value : []).filter((item) => typeof item === 'string');

/** Of sources that hold for an extra or a group alone, which are choices between accelerators, the one for processors. */
function isChosen(source: TomlTable, indexes: ReadonlyMap<string, string>): boolean {
  if (source['extra'] === undefined && source['group'] === undefined) return true;
  return /\/whl\/cpu\b/.test(indexes.get(textOf(source['index'])) ?? '');
}

/** Sources may hold for other systems, or for an extra alone. */
function appliesHere(source: TomlTable): boolean {
  const marker = typeof source['marker'] === 'string' ? source['marker'] : '';
  return !/(darwin|win32|Windows|Darwin)['"]/.test(marker) || /!=/.test(marker);
}

function applySource(
  draft: Draft,
  { name, source, line }: { name: string; source: TomlTable; line: number },
  { indexes, folder }: { indexes: ReadonlyMap<string, string>; folder: string },
): void {
  const text = (key: string): string | undefined => (typeof source[key] === 'string' ? source[key] : undefined);
  const index = text('index');
  if (index !== undefined) draft.index.sources.set(name, indexes.get(index) ?? index);
  const path = text('path');
  const git = text('git');
  const revision = text('rev') ?? text('tag') ?? text('branch');
  const link = git === undefined ? text('url') : `git+${git}${revision === undefined ? '' : `@${revision}`}`;
  if (path !== undefined) {
    const target = joinPath(folder, path);
    draft.requirements = draft.requirements.filter((item) => item.name !== name);
    if (target !== undefined) draft.projects.push({ path: target, extras: [], editable: source['editable'] === true, isRead: false, file: draft.path, line }); // prettier-ignore
  } else if (link !== undefined) {
    const linked = (item: Requirement): Requirement => item.name === name ? { ...item, specifiers: '', url: withoutCredentials(link).address } : item; // prettier-ignore
    draft.requirements = draft.requirements.map(linked);
    for (const [group, list] of draft.optional) draft.optional.set(group, list.map(linked));
  }
}
