import { InvalidArgumentError } from '#lib/errors.ts';
import { parseTimestamp } from './timestamps.ts';

/** The `filters` parameter of a list: values of one key are alternatives, keys must all hold. */
export interface Filters {
  has(key: string): boolean;
  /** Values of a key, in the order given; empty if it is absent. */
  values(key: string): readonly string[];
  /** Whether one value is the text itself; true without the key. */
  exact(key: string, text: string): boolean;
  /** Whether one value is the text or a beginning of it; true without the key. */
  prefix(key: string, text: string): boolean;
  /** Whether one value is in the text, as itself or as a regular expression; true without the key. */
  matches(key: string, text: string): boolean;
  /** Whether all values of `label` are there and none of `label!` is (`k` or `k=v`). */
  labels(labels: Readonly<Record<string, string>>): boolean;
  /** @throws {InvalidArgumentError} if the value is no boolean */
  flag(key: string): boolean | undefined;
  /** A point in time (nanoseconds since epoch). @throws {InvalidArgumentError} */
  time(key: string): bigint | undefined;
}

/**
 * Reads both forms in use: `{"key":{"value":true}}` and `{"key":["value"]}`.
 * @throws {InvalidArgumentError} for JSON that is neither, or a key that is not among `allowed`
 */
export function parseFilters(text: string | null | undefined, allowed: readonly string[]): Filters {
  const entries = readEntries(text);
  const unknown = [...entries.keys()].find((key) => !allowed.includes(key));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`invalid filter '${unknown}'`, { hint: `known filters: ${allowed.join(', ')}` });
  const values = (key: string): readonly string[] => entries.get(key) ?? [];
  const any = (key: string, test: (value: string) => boolean): boolean => {
    const all = values(key);
    return all.length === 0 || all.some(test);
  };
  return {
    values,
    has: (key) => values(key).length > 0,
    exact: (key, subject) => any(key, (value) => value === subject),
    prefix: (key, subject) => any(key, (value) => subject.startsWith(value)),
    matches: (key, subject) => any(key, (value) => value === subject || foundIn(value, subject)),
    labels: (labels) =>
      values('label').every((wanted) => hasLabel(labels, wanted)) &&
      values('label!').every((unwanted) => !hasLabel(labels, unwanted)),
    flag: (key) => readFlag(key, values(key)),
    time: (key) => readTime(key, values(key)),
  };
}

/** The error for a value that a key does not take. */
export function invalidFilter(key: string, value: string, why?: string): InvalidArgumentError {
  return new InvalidArgumentError(`invalid filter '${key}=${value}'${why === undefined ? '' : `: ${why}`}`);
}

function readEntries(text: string | null | undefined): Map<string, string[]> {
  if (text === null || text === undefined || text === '') return new Map();
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError('invalid filter', { why: (error as Error).message, cause: error });
  }
  if (document === null) return new Map();
  if (typeof document !== 'object' || Array.isArray(document)) throw new InvalidArgumentError('invalid filter');
  return new Map(Object.entries(document).map(([key, value]) => [key, readValues(value)]));
}

function readValues(value: unknown): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.entries(value)
      .filter(([, wanted]) => wanted !== false)
      .map(([name]) => name);
  throw new InvalidArgumentError('invalid filter');
}

function foundIn(value: string, subject: string): boolean {
  if (subject.includes(value)) return true;
  try {
    return new RegExp(value).test(subject);
  } catch {
    return false;
  }
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=');
  if (equals < 0) return Object.hasOwn(labels, wanted);
  const key = wanted.slice(0, equals);
  return Object.hasOwn(labels, key) && labels[key] === wanted.slice(equals + 1);
}

function readFlag(key: string, values: readonly string[]): boolean | undefined {
  const flags = values.map((value) => {
    if (/^(1|true)$/i.test(value)) return true;
    if (/^(0|false)$/i.test(value)) return false;
    throw invalidFilter(key, value, 'expected true or false');
  });
  if (flags.includes(true) && flags.includes(false)) throw invalidFilter(key, values.join(','), 'both true and false');
  return flags[0];
}

function readTime(key: string, values: readonly string[]): bigint | undefined {
  if (values.length > 1) throw invalidFilter(key, values.join(','), 'only one is allowed');
  const [value] = values;
  if (value === undefined) return undefined;
  const time = parseTimestamp(value);
  if (time === undefined) throw invalidFilter(key, value, 'expected Unix seconds, RFC 3339 or a duration such as 24h');
  return time;
}
