/** A version, taken apart (PEP 440, "Version scheme"). */
export interface Version {
  readonly epoch: number;
  readonly release: readonly number[];
  /** `a` 0, `b` 1, `rc` 2, with its number. */
  readonly pre: readonly [stage: number, number: number] | undefined;
  readonly post: number | undefined;
  readonly dev: number | undefined;
  /** `cu118` of `2.0.1+cu118`, lower case, with dots between its parts; empty without one. */
  readonly local: string;
}

const PATTERN =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)(?:[-_.]?(\d+))?)?(?:-(\d+)|[-_.]?(post|rev|r)(?:[-_.]?(\d+))?)?(?:[-_.]?(dev)(?:[-_.]?(\d+))?)?(?:\+([a-z\d]+(?:[-_.][a-z\d]+)*))?$/i;

const STAGES: Readonly<Record<string, number>> = { a: 0, alpha: 0, b: 1, beta: 1, c: 2, rc: 2, pre: 2, preview: 2 };

const MAX_CHARACTERS = 200;

/** Reads a version in any of its spellings; undefined if it is none. */
export function parseVersion(text: string): Version | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const match = PATTERN.exec(text.trim());
  if (match === null) return undefined;
  const [, epoch, release = '', stage, stageNumber, dash, post, postNumber, dev, devNumber, local = ''] = match;
  return {
    epoch: Number(epoch ?? 0),
    release: release.split('.').map(Number),
    pre: stage === undefined ? undefined : [STAGES[stage.toLowerCase()] ?? 0, Number(stageNumber ?? 0)],
    post: dash === undefined ? (post === undefined ? undefined : Number(postNumber ?? 0)) : Number(dash),
    dev: dev === undefined ? undefined : Number(devNumber ?? 0),
    local: local.toLowerCase().replace(/[-_]/g, '.'),
  };
}

/** The order of versions (PEP 440); negative if `a` is older. What is no version is older than all that are. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined) || (a < b ? -1 : Number(a > b));
  return compareParsed(left, right);
}

/** The same order for versions that are taken apart already. */
export function compareParsed(left: Version, right: Version): number {
  return comparePublic(left, right) || compareLocal(left.local, right.local);
}

function comparePublic(left: Version, right: Version): number {
  return (
    left.epoch - right.epoch ||
    compareReleases(left.release, right.release) ||
    comparePre(left, right) ||
    (left.post ?? -1) - (right.post ?? -1) ||
    unending(left.dev) - unending(right.dev) ||
    0
  );
}

function compareReleases(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A release of development stands before the pre-releases, what has no pre-release after them. */
function comparePre(left: Version, right: Version): number {
  const [a, b] = [preKey(left), preKey(right)];
  return a[0] - b[0] || a[1] - b[1];
}

function preKey({ pre, post, dev }: Version): readonly [number, number] {
  if (pre !== undefined) return pre;
  return post === undefined && dev !== undefined ? [-1, 0] : [3, 0];
}

const unending = (value: number | undefined): number => value ?? Number.MAX_SAFE_INTEGER;

/** No local part is older than any; numbers are newer than words. */
function compareLocal(left: string, right: string): number {
  if (left === right) return 0;
  if (left === '' || right === '') return left === '' ? -1 : 1;
  const [a, b] = [left.split('.'), right.split('.')];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = compareLocalPart(a[index], b[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareLocalPart(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumberA && isNumberB) return Number(a) - Number(b);
  if (isNumberA !== isNumberB) return isNumberA ? 1 : -1;
  return a < b ? -1 : Number(a > b);
}

export function isPreRelease({ pre, dev }: Version): boolean {
  return pre !== undefined || dev !== undefined;
}

/** One part of a specifier set: `>=1.2`. */
export interface Clause {
  readonly operator: string;
  readonly text: string;
  /** Undefined only for `===`, which compares text. */
  readonly version: Version | undefined;
  readonly wildcard: boolean;
}

/** Takes `>=1.2,!=1.3.*` apart (PEP 440, "Version specifiers"); undefined if a part is none. `>=3.6.*`, which old tools took, is read as `>=3.6`. */
export function parseSpecifiers(text: string): Clause[] | undefined {
  const clauses: Clause[] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const match = /^\s*(===|==|!=|~=|<=|>=|<|>)\s*([^\s,]+)\s*$/.exec(part);
    const [, operator = '', written = ''] = match ?? [];
    const wildcard = written.endsWith('.*') && operator !== '===';
    const version = parseVersion(wildcard ? written.slice(0, -2) : written);
    if (match === null || (version === undefined && operator !== '===')) return undefined;
    clauses.push({ operator, text: written, version, wildcard });
  }
  return clauses;
}

/**
 * Whether a version meets a specifier set such as `>=3.9,<3.13` (PEP 440). A pre-release meets only a set that names one, unless `prereleases` is set.
 * What is no specifier counts as met: this asks whether something is excluded.
 */
export function meets(version: string, specifiers: string, options: { prereleases?: boolean } = {}): boolean {
  const clauses = specifiers.split(',').flatMap((part) => parseSpecifiers(part) ?? []);
  const parsed = parseVersion(version);
  const namesOne = clauses.some((clause) => clause.version !== undefined && isPreRelease(clause.version));
  if (parsed !== undefined && isPreRelease(parsed) && clauses.length > 0 && !namesOne && options.prereleases !== true)
    return false;
  return clauses.every((clause) => meetsClause({ text: version, parsed }, clause));
}

function meetsClause({ text, parsed }: { text: string; parsed: Version | undefined }, clause: Clause): boolean {
  const { operator, version: wanted } = clause;
  if (operator === '===' || wanted === undefined) return text.toLowerCase() === clause.text.toLowerCase();
  if (parsed === undefined) return false;
  const difference = comparePublic(parsed, wanted);
  switch (operator) {
    case '==':
      return equals(parsed, clause, wanted);
    case '!=':
      return !equals(parsed, clause, wanted);
    case '~=':
      return difference >= 0 && hasPrefix(parsed, wanted, Math.max(1, wanted.release.length - 1));
    case '<=':
      return difference <= 0;
    case '<':
      return difference < 0 && !(isPreRelease(parsed) && !isPreRelease(wanted) && sameBase(parsed, wanted));
    case '>':
      return difference > 0 && !(parsed.post !== undefined && wanted.post === undefined && sameBase(parsed, wanted));
    default:
      return difference >= 0;
  }
}

function equals(version: Version, { wildcard }: Clause, wanted: Version): boolean {
  if (wildcard) return hasPrefix(version, wanted, wanted.release.length);
  return (
    comparePublic(version, wanted) === 0 && (wanted.local === '' || compareLocal(version.local, wanted.local) === 0)
  );
}

function hasPrefix(version: Version, wanted: Version, length: number): boolean {
  return (
    version.epoch === wanted.epoch &&
    wanted.release.slice(0, length).every((part, index) => (version.release[index] ?? 0) === part)
  );
}

function sameBase(a: Version, b: Version): boolean {
  return a.epoch === b.epoch && compareReleases(a.release, b.release) === 0;
}

/** `==1.5.2` → `1.5.2`; undefined where a range leaves the choice. */
export function exactVersion(specifiers: string): string | undefined {
  const exact = parseSpecifiers(specifiers)?.find(({ operator, wildcard }) => operator.startsWith('==') && !wildcard);
  return exact?.text.replace(/^v/i, '');
}

/** Whether any version at all could meet both sets; true where that cannot be told. */
export function canMeetBoth(a: string, b: string): boolean {
  const clauses = parseSpecifiers(`${a},${b}`);
  if (clauses === undefined || clauses.length > 40) return true;
  const named = clauses.map(({ text, wildcard }) => (wildcard ? text.slice(0, -2) : text));
  const near = named.flatMap((text) => [text, `${publicPart(text)}.0.0.0.1`]);
  return ['0.0.0.0.1', ...near, '999999'].some((version) => meets(version, `${a},${b}`, { prereleases: true }));
}

function publicPart(text: string): string {
  return /^v?(?:\d+!)?\d+(?:\.\d+)*/i.exec(text)?.[0] ?? text;
}
