import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { openRegular } from '#lib/files/open-regular.ts';
import type { Root } from '#lib/files/open-root.ts';
import {
  type InstalledPackage,
  parseCondaMeta,
  parseInfoName,
  parseMetadata,
  parseRecord,
} from '#ml/packages/installed.ts';

/** A distribution that a step installed, as its own records tell. */
export interface Distribution extends InstalledPackage {
  /** Folder or file that names it, in the tree. */
  record: string;
  kind: 'python' | 'conda';
  /** Files that it says are its own, as clean paths in the tree; they need not be there. */
  files: readonly string[];
  /** Those of them that tell how it was asked for: the same wheel has others elsewhere. */
  receipts: readonly string[];
  /** Of the wheel or archive it came from, where that is recorded; hexadecimal. */
  sha256: string | undefined;
  /** What it was installed from, other than an index; of conda its build. */
  origin: string | undefined;
}

/** Records are written by whoever made the wheel. */
const RECORD_LIMIT_BYTES = 64 * 1024 * 1024;
const RECEIPTS = ['RECORD', 'INSTALLER', 'REQUESTED', 'direct_url.json', 'uv_cache.json', 'uv_build.json'];

/**
 * Distributions whose records are in a tree. Folders that lie beside a record are the packages themselves: they are not looked into.
 * @param options.withFiles also which files they have
 */
export function findDistributions(root: Root, { withFiles }: { withFiles: boolean }): Distribution[] {
  const found: Distribution[] = [];
  const visit = (folder: string): void => {
    const children = foldersIn(root, folder);
    const records = children.filter((name) => /\.(dist|egg)-info$/.test(name));
    for (const name of records) {
      const read = name.endsWith('.dist-info') ? fromDistInfo : fromEggInfo;
      found.push(...read(root, { folder, name, withFiles }));
    }
    if (children.includes('conda-meta')) found.push(...fromConda(root, folder, withFiles));
    if (!records.some((name) => name.endsWith('.dist-info')))
      for (const name of children) if (name !== 'conda-meta') visit(join(folder, name));
  };
  visit('');
  return found;
}

/** Names that are no text are none of ours. */
function foldersIn(root: Root, folder: string): string[] {
  return readdirSync(root.locate(`${folder}/.`).path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.includes('\uFFFD'))
    .map(({ name }) => name)
    .toSorted();
}

interface Place {
  /** That holds the record. */
  folder: string;
  name: string;
  withFiles: boolean;
}

function fromDistInfo(root: Root, { folder, name, withFiles }: Place): Distribution[] {
  const place = join(folder, name);
  const names = new Set(root.readdir(place));
  const metadata = names.has('METADATA') ? parseMetadata(readText(root, `${place}/METADATA`) ?? '') : undefined;
  const identity = metadata ?? parseInfoName(name);
  if (identity === undefined) return [];
  const record = withFiles && names.has('RECORD') ? readText(root, `${place}/RECORD`) : undefined;
  const files = parseRecord(record ?? '').flatMap(({ path }) => resolve(folder, path) ?? []);
  const direct = names.has('direct_url.json') ? originOf(readText(root, `${place}/direct_url.json`)) : undefined;
  return [
    {
      ...identity,
      record: place,
      kind: 'python',
      files,
      receipts: RECEIPTS.filter((receipt) => names.has(receipt)).map((receipt) => `${place}/${receipt}`),
      sha256: direct?.sha256,
      origin: direct?.url,
    },
  ];
}

/** As setuptools records what it installs without a wheel. */
function fromEggInfo(root: Root, { folder, name, withFiles }: Place): Distribution[] {
  const place = join(folder, name);
  const names = new Set(root.readdir(place));
  const metadata = names.has('PKG-INFO') ? parseMetadata(readText(root, `${place}/PKG-INFO`) ?? '') : undefined;
  const identity = metadata ?? parseInfoName(name);
  if (identity === undefined) return [];
  const list = withFiles && names.has('installed-files.txt') ? readText(root, `${place}/installed-files.txt`) : '';
  const files = (list ?? '').split(/\r?\n/).flatMap((path) => (path === '' ? [] : (resolve(place, path) ?? [])));
  return [{ ...identity, record: place, kind: 'python', files, receipts: [], sha256: undefined, origin: undefined }];
}

function fromConda(root: Root, prefix: string, withFiles: boolean): Distribution[] {
  const folder = join(prefix, 'conda-meta');
  return root.readdir(folder).flatMap((name) => {
    if (!name.endsWith('.json')) return [];
    const place = join(folder, name);
    const meta = parseCondaMeta(readText(root, place) ?? '');
    if (meta === undefined) return [];
    const { build, sha256, ...identity } = meta;
    const files = withFiles ? [...meta.files.flatMap((path) => resolve(prefix, path) ?? []), place] : [];
    return [{ ...identity, files, record: place, kind: 'conda' as const, receipts: [place], sha256, origin: build }];
  });
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** A recorded path as a clean one in the tree; undefined if it leads out of it. It is compared with names that are there, never opened. */
function resolve(folder: string, path: string): string | undefined {
  const parts: string[] = path.startsWith('/') ? [] : folder.split('/').filter((part) => part !== '');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.length === 0 ? undefined : parts.join('/');
}

/** PEP 610. */
function originOf(text: string | undefined): { url: string; sha256: string | undefined } | undefined {
  try {
    const { url, archive_info: archive } = JSON.parse(text ?? '') as {
      url?: unknown;
      archive_info?: { hashes?: { sha256?: unknown }; hash?: unknown };
    };
    if (typeof url !== 'string') return undefined;
    const { hash } = archive ?? {};
    const digest = archive?.hashes?.sha256 ?? (typeof hash === 'string' ? hash.replace(/^sha256=/, '') : '');
    return { url: withoutCredentials(url), sha256: typeof digest === 'string' && digest !== '' ? digest : undefined };
  } catch {
    return undefined;
  }
}

function withoutCredentials(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');
}

function readText(root: Root, path: string): string | undefined {
  const file = openRegular(root, path);
  if (file === undefined) return undefined;
  try {
    return file.stats.size > RECORD_LIMIT_BYTES ? undefined : readFileSync(file.fd, 'utf8');
  } finally {
    closeSync(file.fd);
  }
}
