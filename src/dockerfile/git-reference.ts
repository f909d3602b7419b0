import { InvalidArgumentError } from '#lib/errors.ts';

/** A place in a git repository, as a context or the source of an ADD names it. */
export interface GitReference {
  /** As git takes it; may hold credentials. */
  remote: string;
  /** Last name of the repository's path. */
  shortName: string;
  /** Branch, tag, full ref or commit; the default branch if undefined. */
  ref: string | undefined;
  subdir: string | undefined;
  /** Commit, or the beginning of one, that it must turn out to be. */
  checksum: string | undefined;
  keepGitDir: boolean | undefined;
  /** Whether submodules are fetched: yes if undefined. */
  submodules: boolean | undefined;
  /** Fetch the commit of `checksum`, not the ref. */
  fetchByCommit: boolean;
  /** What times files get: those of the commit, or when they are written. */
  mtime: 'commit' | 'checkout' | undefined;
  /** It could as well be a path on the disk (`github.com/owner/name`): only a context may be written so. */
  looksLocal: boolean;
  /** Nobody proves who answers. */
  isUnencrypted: boolean;
}

type Options = Omit<GitReference, 'remote' | 'shortName' | 'looksLocal' | 'isUnencrypted'>;

const PROTOCOL = /^([a-z0-9]+):\/\//i;
const SCP = /^[\w-]+@[\w.-]+:[^?#]*/;

/**
 * Reads the address of a git repository: `https://…/name.git`, `git://`, `ssh://`, `user@host:path`, `github.com/…`, with `#ref:subdir` or
 * `?ref=…&subdir=…` behind it.
 * @returns undefined for what is none: another URL, or a path
 * @throws {InvalidArgumentError} for one that contradicts itself or says what nobody understands
 */
export function parseGitReference(text: string): GitReference | undefined {
  const { place, query, fragment } = split(text);
  const looksLocal = place.startsWith('github.com/');
  const protocol = PROTOCOL.exec(place)?.[1]?.toLowerCase();
  if (!looksLocal && !isRepository(place, protocol)) return undefined;
  const options = readQuery(query, fragment);
  const last = place.slice(place.lastIndexOf('/') + 1);
  return {
    ...options,
    remote: place,
    shortName: last.endsWith('.git') ? last.slice(0, -'.git'.length) : last,
    looksLocal,
    isUnencrypted: protocol === 'http' || protocol === 'git',
  };
}

/** The address without user and password. */
export function withoutCredentials(address: string): string {
  return address.replace(/^([a-z0-9+.-]+:\/\/)[^/?#]*@/i, '$1');
}

function split(text: string): { place: string; query: string | undefined; fragment: string | undefined } {
  const hash = text.indexOf('#');
  const before = hash < 0 ? text : text.slice(0, hash);
  const mark = before.indexOf('?');
  return {
    place: mark < 0 ? before : before.slice(0, mark),
    query: mark < 0 ? undefined : before.slice(mark + 1),
    fragment: hash < 0 ? undefined : text.slice(hash + 1),
  };
}

function isRepository(place: string, protocol: string | undefined): boolean {
  if (protocol === undefined) return SCP.exec(place)?.[0] === place;
  if (protocol === 'http' || protocol === 'https') return URL.canParse(place) && place.endsWith('.git');
  return protocol === 'git' || protocol === 'ssh';
}

function readQuery(query: string | undefined, fragment: string | undefined): Options {
  const [ref, subdir] = cut(fragment ?? '');
  const found: Options = {
    ref: orUndefined(ref),
    subdir: orUndefined(subdir),
    checksum: undefined,
    keepGitDir: undefined,
    submodules: undefined,
    fetchByCommit: false,
    mtime: undefined,
  };
  const named = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(query ?? '')) {
    if (named.has(key)) throw new InvalidArgumentError(`query ${JSON.stringify(key)} has multiple values`);
    named.set(key, value);
  }
  for (const [key, value] of named) readOption(found, key, value);
  const given = [namedRef(named.get('tag'), 'refs/tags/'), namedRef(named.get('branch'), 'refs/heads/')];
  if (given.every((name) => name !== undefined))
    throw new InvalidArgumentError('a git reference has both a branch and a tag');
  for (const name of given) if (name !== undefined) setOnce(found, 'ref', name);
  return found;
}

function cut(fragment: string): [ref: string, subdir: string] {
  const colon = fragment.indexOf(':');
  return colon < 0 ? [fragment, ''] : [fragment.slice(0, colon), fragment.slice(colon + 1)];
}

function orUndefined(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function namedRef(name: string | undefined, prefix: string): string | undefined {
  return name === undefined || name.startsWith(prefix) ? name : `${prefix}${name}`;
}

const MAY_BE_EMPTY = ['submodules', 'keep-git-dir', 'fetch-by-commit'];

function readOption(found: Options, ...[key, value]: [key: string, value: string]): void {
  if (value === '' && !MAY_BE_EMPTY.includes(key))
    throw new InvalidArgumentError(`query ${JSON.stringify(key)} has no value`);
  switch (key) {
    case 'ref':
    case 'subdir':
      setOnce(found, key, value);
      break;
    case 'tag':
    case 'branch':
      break; // looked at together
    case 'checksum':
    case 'commit':
      found.checksum = value;
      break;
    case 'keep-git-dir':
      found.keepGitDir = readSwitch(key, value);
      break;
    case 'submodules':
      found.submodules = readSwitch(key, value);
      break;
    case 'fetch-by-commit':
      found.fetchByCommit = readSwitch(key, value);
      break;
    case 'mtime':
      if (value !== 'commit' && value !== 'checkout')
        throw new InvalidArgumentError(`invalid mtime value: ${JSON.stringify(value)}`, { hint: 'commit or checkout' });
      found.mtime = value;
      break;
    default:
      throw new InvalidArgumentError(`unexpected query ${JSON.stringify(key)}`, {
        hint: 'ref, tag, branch, subdir, checksum, keep-git-dir, submodules, fetch-by-commit or mtime',
      });
  }
}

function setOnce(found: Options, ...[key, value]: [key: 'ref' | 'subdir', value: string]): void {
  const former = found[key];
  if (former !== undefined && former !== value)
    throw new InvalidArgumentError(`${key} conflicts: ${JSON.stringify(former)} vs ${JSON.stringify(value)}`);
  found[key] = value;
}

function readSwitch(key: string, value: string): boolean {
  if (['', '1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
  throw new InvalidArgumentError(`invalid ${key} value: ${JSON.stringify(value)}`, { hint: 'it is true or false' });
}
