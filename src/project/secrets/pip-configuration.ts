import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where a person's own pip and uv look for packages. Addresses may hold passwords. */
export interface IndexConfiguration {
  /** In the place of the public index. */
  index: string | undefined;
  extra: readonly string[];
  trustedHosts: readonly string[];
  /** Indexes that have a name, by which variables give credentials for them. */
  named: ReadonlyMap<string, string>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads pip's and uv's own configuration: files first, variables above them. Places on this machine alone are left out. */
export async function indexConfiguration(
  environment: Environment = process.env,
  home = homedir(),
): Promise<IndexConfiguration> {
  const off = environment['PIP_CONFIG_FILE'] === '/dev/null';
  const files = [
    '/etc/pip.conf',
    join(environment['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'pip/pip.conf'),
    join(home, '.pip/pip.conf'),
    environment['PIP_CONFIG_FILE'] ?? '',
  ];
  const options = new Map<string, string>();
  for (const path of off ? [] : files)
    for (const [name, value] of parseIni(await textOf(path))) options.set(name, value);
  const option = (name: string): string | undefined =>
    environment[`PIP_${name.toUpperCase().replaceAll('-', '_')}`] ?? options.get(name);
  const uv = await uvIndexes(environment, home);
  const index = option('index-url') ?? uv.index;
  return {
    index: index !== undefined && isReachable(index) ? index : undefined,
    extra: [...new Set([...wordsOf(option('extra-index-url')), ...uv.extra])].filter(isReachable),
    trustedHosts: wordsOf(option('trusted-host')),
    named: uv.named,
  };
}

async function uvIndexes(
  environment: Environment,
  home: string,
): Promise<Pick<IndexConfiguration, 'index' | 'extra' | 'named'>> {
  const file = environment['UV_CONFIG_FILE'] ?? join(environment['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'uv/uv.toml');
  const text = await textOf(file);
  const written = /^\s*(?:index-url|default-index)\s*=\s*["']([^"']+)["']/m.exec(text)?.[1];
  const named = new Map([...namedIndexes(text), ...wordsOf(environment['UV_INDEX']).flatMap(namedWord)]);
  const unnamed = wordsOf(environment['UV_INDEX']).filter((word) => namedWord(word).length === 0);
  const index = environment['UV_DEFAULT_INDEX'] ?? environment['UV_INDEX_URL'] ?? written;
  const plain = index === undefined ? undefined : (namedWord(index)[0]?.[1] ?? index);
  return { index: plain, extra: [...named.values(), ...unnamed, ...wordsOf(environment['UV_EXTRA_INDEX_URL'])], named };
} // prettier-ignore

/** Indexes with a name in uv's or Poetry's part of a TOML file: `name = "x"` and `url = "…"` of one table. */
export function namedIndexes(text: string): [name: string, address: string][] {
  return text
    .split(/^\s*\[/m)
    .filter((table) => /^\[?\s*(?:index|tool\.uv\.index|tool\.poetry\.source|tool\.pdm\.source)\s*\]/.test(table))
    .flatMap((table): [string, string][] => {
      const name = /^\s*name\s*=\s*["']([^"']+)["']/m.exec(table)?.[1];
      const address = /^\s*url\s*=\s*["']([^"']+)["']/m.exec(table)?.[1];
      return name === undefined || address === undefined ? [] : [[name, address]];
    });
}

/** `name=https://…` */
function namedWord(word: string): [string, string][] {
  const [, name, address] = /^([\w.-]+)=(https?:\/\/.*)$/.exec(word) ?? [];
  return name === undefined || address === undefined ? [] : [[name, address]];
}

/** Options of `[global]` and `[install]`, the latter above the former. */
function parseIni(text: string): Map<string, string> {
  const sections = { global: new Map<string, string>(), install: new Map<string, string>() };
  let section = '';
  let option = '';
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[([^\]]+)\]/.exec(line)?.[1];
    const [, name, value] = /^([\w-]+)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (header !== undefined) section = header;
    else if (/^\s*[#;]/.test(line) || (section !== 'global' && section !== 'install')) continue;
    else if (name !== undefined) sections[section].set((option = name.toLowerCase().replaceAll('_', '-')), value ?? '');
    else if (/^\s+\S/.test(line) && option !== '')
      sections[section].set(option, `${sections[section].get(option) ?? ''} ${line.trim()}`.trim());
  }
  return new Map([...sections.global, ...sections.install]);
}

async function textOf(path: string): Promise<string> {
  return path === '' ? '' : readFile(path, 'utf8').catch(() => '');
}

function wordsOf(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

/** Folders of this machine are not there in a build. */
function isReachable(address: string): boolean {
  return /^https?:\/\//.test(address);
}
