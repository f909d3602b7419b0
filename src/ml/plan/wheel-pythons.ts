import { PYTHONS } from '../data/python-support.ts';
import { PYTHONS_OF_WHEELS } from '../data/python-wheels.ts';
import { compareVersions, meets, parseSpecifiers } from '../version.ts';

/** The Pythons that at least one version meeting `specifiers` has wheels for, newest first; undefined where the table does not know. */
export function pythonsWithWheels(distribution: string, specifiers: string): readonly string[] | undefined {
  const rows = rowsOf(distribution);
  const clauses = parseSpecifiers(specifiers);
  if (rows === undefined || clauses === undefined) return undefined;
  const named = clauses.map(({ text, wildcard }) => (wildcard ? text.slice(0, -2) : text));
  const candidates = [...rows.map(({ since }) => since), ...named, ...named.map((version) => `${version}.0.0.1`)];
  const fitting = candidates.filter((version) => meets(version, specifiers, { prereleases: true }));
  const found = new Set<string>();
  for (const version of fitting) {
    const row = rows.findLast(({ since }) => compareVersions(since, version) <= 0);
    if (row === undefined) return undefined;
    for (const python of PYTHONS) if (row.covers(python)) found.add(python);
  }
  return fitting.length === 0 ? undefined : PYTHONS.filter((python) => found.has(python));
}

/** The Pythons that the wheel at an address is for (`…-cp39-cp39-linux_x86_64.whl`); undefined where it is for all of them, or is no wheel. */
export function pythonsOfWheel(url: string): readonly string[] | undefined {
  const tags = /-(cp3\d{1,2}(?:\.cp3\d{1,2})*)-(cp3\d{1,2}m?|abi3|none)-[^-/]+\.whl(?:[?#]|$)/.exec(url);
  if (tags === null) return undefined;
  const named = (tags[1] ?? '').split('.').map((tag) => `3.${tag.slice(3)}`);
  const from = named.toSorted(compareVersions)[0] ?? '';
  return PYTHONS.filter((python) => (tags[2] === 'abi3' ? compareVersions(python, from) >= 0 : named.includes(python)));
}

/** `3.7 to 3.9`, `3.10 and later`. */
export function spanOf(pythons: readonly string[]): string {
  const [last, first] = [pythons[0] ?? '', pythons.at(-1) ?? ''];
  if (last === PYTHONS[0] && first !== last) return `${first} and later`;
  return first === last ? first : `${first} to ${last}`;
}

interface Row {
  since: string;
  covers(python: string): boolean;
}

const parsed = new Map<string, readonly Row[]>();

function rowsOf(distribution: string): readonly Row[] | undefined {
  const text = Object.hasOwn(PYTHONS_OF_WHEELS, distribution) ? PYTHONS_OF_WHEELS[distribution] : undefined;
  if (text === undefined) return undefined;
  const known = parsed.get(distribution) ?? text.split(' ').map(rowOf);
  parsed.set(distribution, known);
  return known;
}

function rowOf(text: string): Row {
  const [since = '', span = ''] = text.split(':');
  const [first = '', last = ''] = span.split('-');
  return {
    since,
    covers: (python) => compareVersions(python, first) >= 0 && (last === '' || compareVersions(python, last) <= 0),
  };
}
