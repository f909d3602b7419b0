import { BerthError } from '#lib/errors.ts';
import { type FileTree, hasFile } from '../../files.ts';
import type { PackageManager } from '../../plan/plan.ts';
import { isTable, textOf, type Toml, tomlAt, tomlLine, type TomlTable } from '../../toml.ts';
import { isYamlMap, parseYaml, type Yaml, yamlAt, yamlLine } from '../../yaml.ts';
import { normalName, parseRequirement } from '../requirements.ts';
import { withoutCredentials } from './addresses.ts';
import type { Lock, LockedPackage } from './contract.ts';
import { readLong } from './read-long.ts';
import { readTomlFile } from './toml-file.ts';

export interface FoundLock extends Lock {
  manager: PackageManager;
  /** Why nothing could be read of it. */
  trouble: { message: string; line: number } | undefined;
  /** Python that it was made for, where it says so. */
  requiresPython: string | undefined;
}

/** Files with exact versions, the most telling first. */
const LOCKS: readonly { name: string; manager: PackageManager; read: (text: string) => Read }[] = [
  { name: 'uv.lock', manager: 'uv', read: readNothing },
  { name: 'poetry.lock', manager: 'poetry', read: readNothing },
  { name: 'pdm.lock', manager: 'pdm', read: readNothing },
  { name: 'Pipfile.lock', manager: 'pipenv', read: readPipfileLock },
  { name: 'pylock.toml', manager: 'pip', read: readNothing },
  { name: 'requirements.lock', manager: 'pip', read: readRequirementLines },
  { name: 'requirements-lock.txt', manager: 'pip', read: readRequirementLines },
  { name: 'conda-lock.yml', manager: 'conda', read: readCondaLock },
  { name: 'conda-lock.yaml', manager: 'conda', read: readCondaLock },
];

interface Read {
  packages: LockedPackage[];
  requiresPython: string | undefined;
}

/** The lock file of a folder; undefined if there is none. */
export async function findLock(tree: FileTree, folder: string): Promise<FoundLock | undefined> {
  const at = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  for (const { name, manager, read } of LOCKS) {
    const path = at(name);
    if (!hasFile(tree, path)) continue;
    const common = { path, kind: name.replace(/\.yaml$/, '.yml'), manager };
    if (!/\.toml$|^(uv|poetry|pdm)\.lock$/.test(name)) return { ...common, ...(await guarded(tree, path, read)) };
    const file = await readTomlFile(tree, path);
    const { trouble } = file ?? { trouble: { message: 'it is too large', line: 1 } };
    return { ...common, ...readTomlLock(file?.table ?? {}), trouble };
  }
  return undefined;
}

function readNothing(): Read {
  return { packages: [], requiresPython: undefined };
}

async function guarded(tree: FileTree, path: string, read: (text: string) => Read): Promise<Read & Pick<FoundLock, 'trouble'>> {
  const text = await readLong(tree, path);
  if (text === undefined) return { ...readNothing(), trouble: { message: 'it is too large', line: 1 } };
  try {
    return { ...read(text), trouble: undefined };
  } catch (error) {
    const message = error instanceof BerthError ? `${error.message}: ${error.why ?? ''}` : 'it cannot be read';
    return { ...readNothing(), trouble: { message, line: Number(/line (\d+)/.exec(message)?.[1] ?? 1) } };
  }
} // prettier-ignore

/** uv.lock, poetry.lock, pdm.lock (`[[package]]`) and pylock.toml (`[[packages]]`, PEP 751). */
function readTomlLock(table: TomlTable): Read {
  const list = table['package'] ?? table['packages'];
  const packages = (Array.isArray(list) ? list : []).flatMap((item, index) =>
    isTable(item) ? fromToml(item, tomlLine(list, index)) : [],
  );
  const python = table['requires-python'] ?? tomlAt(table, 'metadata', 'python-versions') ?? tomlAt(table, 'metadata', 'requires_python'); // prettier-ignore
  return { packages, requiresPython: typeof python === 'string' ? python : undefined };
}

function fromToml(item: TomlTable, line: number): LockedPackage[] {
  const { name, version } = item;
  if (typeof name !== 'string' || isProjectItself(item)) return [];
  if (typeof version !== 'string') return [];
  const python = textOf(item['python-versions'] ?? item['requires_python'] ?? item['requires-python']);
  const common = { name: normalName(name), version, marker: markerOf(item), url: linkOf(item), line };
  return [python === '' ? common : { ...common, requiresPython: python }];
}

/** uv lists the project and the members of its workspace too; other tools list folders. */
function isProjectItself(item: TomlTable): boolean {
  const source = item['source'];
  const isFolder = isTable(source) && ['virtual', 'editable', 'directory', 'path'].some((key) => key in source);
  return isFolder || (isTable(source) && source['type'] === 'directory') || isTable(item['directory']) || typeof item['path'] === 'string'; // prettier-ignore
}

function markerOf(item: TomlTable): string {
  const { marker, markers } = item;
  const forks = item['resolution-markers'];
  if (Array.isArray(forks)) return forks.map((fork) => `(${textOf(fork)})`).join(' or ');
  if (typeof marker === 'string') return marker;
  if (typeof markers === 'string') return markers;
  return isTable(markers) && typeof markers['main'] === 'string' ? markers['main'] : '';
}

function linkOf(item: TomlTable): string | undefined {
  const source = isTable(item['source']) ? item['source'] : {};
  const vcs = isTable(item['vcs']) ? item['vcs'] : {};
  const revision = source['resolved_reference'] ?? vcs['commit-id'] ?? item['revision'];
  const git = source['git'] ?? (source['type'] === 'git' ? source['url'] : undefined) ?? vcs['url'] ?? item['git'];
  const archive = isTable(item['archive']) ? item['archive']['url'] : undefined;
  const direct = source['type'] === 'url' || source['type'] === undefined ? source['url'] : undefined;
  if (typeof git === 'string') return plain(gitLink(git, revision));
  const link = archive ?? direct;
  return typeof link === 'string' ? plain(link) : undefined;
}

/** uv writes the revision behind `#`. */
function gitLink(address: string, revision: Toml | undefined): string {
  const [place = '', commit] = address.split('#', 2);
  const bare = place.replace(/\?.*$/, '');
  const at = typeof revision === 'string' ? revision : commit;
  return `git+${bare}${at === undefined ? '' : `@${at}`}`;
}

const plain = (url: string): string => withoutCredentials(url).address;

function readPipfileLock(text: string): Read {
  const parsed: unknown = JSON.parse(text);
  const lines = linesOfKeys(text);
  const packages = Object.entries(objectAt(parsed, 'default')).flatMap(([name, value]) => fromPipfile(name, value, lines.get(name) ?? 1));
  const requires = objectAt(objectAt(parsed, '_meta'), 'requires');
  const python = requires['python_full_version'] ?? requires['python_version'];
  return { packages, requiresPython: typeof python === 'string' ? `==${python}${python.split('.').length > 2 ? '' : '.*'}` : undefined };
} // prettier-ignore

/** The first line that each key of a JSON file stands on. */
function linesOfKeys(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    const key = /^\s*"([^"]+)"\s*:/.exec(line)?.[1];
    if (key !== undefined && !found.has(key)) found.set(key, index + 1);
  }
  return found;
}

function fromPipfile(name: string, value: unknown, line: number): LockedPackage[] {
  const version = textAt(value, 'version')?.replace(/^==/, '');
  const git = textAt(value, 'git');
  if (version === undefined && git === undefined) return [];
  const url = git === undefined ? textAt(value, 'file') : gitLink(git, textAt(value, 'ref'));
  return [{ name: normalName(name), version: version ?? '', marker: textAt(value, 'markers') ?? '', url: url === undefined ? undefined : plain(url), line }]; // prettier-ignore
}

function objectAt(value: unknown, key: string): Record<string, unknown> {
  const inner: unknown = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  return typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
} // prettier-ignore

function textAt(value: unknown, key: string): string | undefined {
  const inner: unknown = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  return typeof inner === 'string' ? inner : undefined;
} // prettier-ignore

/** Pins as pip writes them, one a line. */
function readRequirementLines(text: string): Read {
  const packages = text.split(/\r?\n/).flatMap((raw, index): LockedPackage[] => {
    const requirement = /^[A-Za-z\d]/.test(raw) ? parseRequirement(raw.replace(/\s+#.*$/, '').replace(/\s*\\$/, '')) : undefined; // prettier-ignore
    const version = /^===?([^,*]+)$/.exec(requirement?.specifiers ?? '')?.[1];
    if (requirement === undefined || (version === undefined && requirement.url === undefined)) return [];
    const { name, marker, url } = requirement;
    return [{ name, version: version ?? '', marker, url: url === undefined ? undefined : plain(url), line: index + 1 }];
  });
  return { packages, requiresPython: undefined };
}

/** Of conda-lock only what pip installs is certain to be on the index; conda's packages are, where they are Python's. */
function readCondaLock(text: string): Read {
  const value = parseYaml(text);
  const list = yamlAt(value, 'package');
  const found = new Map<string, LockedPackage>();
  for (const [index, item] of (Array.isArray(list) ? list : []).entries()) {
    const read = fromConda(item, yamlLine(list, index));
    if (read !== undefined) found.set(read.name, read);
  }
  return { packages: [...found.values()], requiresPython: undefined };
}

function fromConda(item: Yaml, line: number): LockedPackage | undefined {
  if (!isYamlMap(item)) return undefined;
  const { name, version, platform, manager } = item;
  if (typeof name !== 'string' || typeof version !== 'string' || (platform !== undefined && platform !== 'linux-64')) return undefined; // prettier-ignore
  return manager === 'pip' || manager === 'conda' ? { name: normalName(name), version, marker: '', url: undefined, line } : undefined; // prettier-ignore
}
