import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '#lib/run.ts';
import { SUITES, type Suite } from './recipes.ts';

/** Where Debian's packages come from; what is undefined is left to mmdebstrap's own defaults. */
export interface Mirror {
  main: string | undefined;
  security: string | undefined;
  /** Off where the host says so, because its mirror keeps old indexes. */
  checkValidUntil: boolean;
}

/** The mirror that the host's own apt is set up with if it is a Debian. */
export async function findMirror(root = '/'): Promise<Mirror> {
  const entries = (await readSources(join(root, 'etc/apt'))).filter(({ suite }) => isDebianSuite(suite));
  const main = entries.find(({ suite }) => !/-(?:security|updates|backports)$/.test(suite));
  const security = entries.find(({ suite }) => suite.endsWith('-security'));
  return {
    main: main?.uri,
    security: main === undefined ? undefined : security?.uri,
    checkValidUntil: await checksValidUntil(),
  };
}

/** One-line sources of a release at a mirror; none where that is mmdebstrap's own. */
export function sourceLines({ main, security }: Mirror, suite: Suite): string[] {
  if (main === undefined) return [];
  const own = [`deb ${main} ${suite} main`, `deb ${main} ${suite}-updates main`];
  return security === undefined ? own : [...own, `deb ${security} ${suite}-security main`];
}

/** The same as Debian's images have had it since bookworm. */
export function debianSources({ main, security }: Mirror, suite: Suite): string {
  if (main === undefined) return '';
  const own = stanza(main, `${suite} ${suite}-updates`);
  return security === undefined ? `${own}\n` : `${own}\n\n${stanza(security, `${suite}-security`)}\n`;
}

function stanza(uri: string, suites: string): string {
  return [
    'Types: deb',
    `URIs: ${uri}`,
    `Suites: ${suites}`,
    'Components: main',
    'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
  ].join('\n');
}

/** A mirror's addresses without the credentials they may hold; images get only these. */
export function withoutCredentials(mirror: Mirror): Mirror {
  return { ...mirror, main: withoutUser(mirror.main), security: withoutUser(mirror.security) };
}

function withoutUser(uri: string | undefined): string | undefined {
  return uri?.replace(/^([a-z]+:\/\/)[^/@]*@/, '$1');
}

interface Source {
  uri: string;
  suite: string;
}

function isDebianSuite(suite: string): boolean {
  return Object.keys(SUITES).some((known) => suite === known || suite.startsWith(`${known}-`));
}

async function readSources(folder: string): Promise<Source[]> {
  const names = await readdir(join(folder, 'sources.list.d')).catch(() => []);
  const paths = [
    'sources.list',
    ...names.toSorted((a, b) => (a < b ? -1 : 1)).map((name) => join('sources.list.d', name)),
  ];
  const found: Source[] = [];
  for (const path of paths) {
    const text = await readFile(join(folder, path), 'utf8').catch(() => '');
    if (path.endsWith('.list')) found.push(...parseOneLine(text));
    if (path.endsWith('.sources')) found.push(...parseStanzas(text));
  }
  return found.filter(({ uri }) => /^https?:\/\//.test(uri)).map(({ uri, suite }) => ({ uri: trimSlash(uri), suite }));
}

function parseOneLine(text: string): Source[] {
  return text.split('\n').flatMap((line) => {
    const [, uri, suite] = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)/.exec(line) ?? [];
    return uri === undefined || suite === undefined ? [] : [{ uri, suite }];
  });
}

function parseStanzas(text: string): Source[] {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const field = (name: string): string[] =>
      new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(paragraph)?.[1]?.trim().split(/\s+/) ?? [];
    if (!field('Types').includes('deb') || field('Enabled')[0] === 'no') return [];
    return field('URIs').flatMap((uri) => field('Suites').map((suite) => ({ uri, suite })));
  });
}

function trimSlash(uri: string): string {
  return uri.replace(/\/+$/, '');
}

async function checksValidUntil(): Promise<boolean> {
  try {
    const { stdout } = await run(['apt-config', 'dump', 'Acquire::Check-Valid-Until'], { allowFailure: true });
    return !/"(?:false|no|0)"/i.test(stdout);
  } catch {
    return true;
  }
}
