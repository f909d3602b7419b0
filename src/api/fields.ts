import { InvalidArgumentError } from '#lib/errors.ts';

/** Plain values by kind; the names with a question mark may be absent, which is not the same as empty. */
interface Scalars {
  string: string;
  boolean: boolean;
  'boolean?': boolean | undefined;
  integer: number;
  'integer?': number | undefined;
  strings: readonly string[];
  'strings?': readonly string[] | undefined;
  /** A list of words, or one word alone. */
  'words?': readonly string[] | undefined;
  map: Readonly<Record<string, string>>;
  /** The keys of an object whose values are empty objects. */
  keys: readonly string[];
  'size?': readonly [height: number, width: number] | undefined;
  lists: readonly (readonly string[])[];
  ports: Readonly<Record<string, readonly { hostAddress: string; hostPort: string }[]>>;
}

type Kind = keyof Scalars | { one: Table } | { 'one?': Table } | { list: Table };

/** How the fields of a wire object are called here, and what they hold. */
export type Table = Readonly<Record<string, readonly [wire: string, kind: Kind]>>;

type ValueOf<K> = K extends keyof Scalars
  ? Scalars[K]
  : K extends { one: infer T extends Table }
    ? Parsed<T>
    : K extends { 'one?': infer T extends Table }
      ? Parsed<T> | undefined
      : K extends { list: infer T extends Table }
        ? readonly Parsed<T>[]
        : never;

/** The object that a table describes. */
export type Parsed<T extends Table> = { readonly [Key in keyof T]: ValueOf<T[Key][1]> };

/**
 * Reads a wire object by its table; what is absent gets its empty value.
 * @throws {InvalidArgumentError} for a value of another type
 */
export function parseFields<T extends Table>(table: T, value: unknown, at = ''): Parsed<T> {
  if (value !== undefined && value !== null && (typeof value !== 'object' || Array.isArray(value)))
    throw mismatch(at, 'an object');
  const source = (value ?? {}) as Record<string, unknown>;
  const entries = Object.entries(table).map(([own, [wire, kind]]) => {
    const path = at === '' ? wire : `${at}.${wire}`;
    return [own, parseValue(kind, source[wire] ?? undefined, path)] as const;
  });
  return Object.fromEntries(entries) as Parsed<T>;
}

function parseValue(kind: Kind, value: unknown, at: string): unknown {
  if (typeof kind === 'string') return PARSERS[kind](value, at);
  if ('list' in kind) {
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw mismatch(at, 'a list');
    return value.map((item: unknown, index) => parseFields(kind.list, item, `${at}[${index}]`));
  }
  if ('one?' in kind) return value === undefined ? undefined : parseFields(kind['one?'], value, at);
  return parseFields(kind.one, value, at);
}

type Parser = (value: unknown, at: string) => unknown;

const PARSERS: Readonly<Record<keyof Scalars, Parser>> = {
  string: (value, at) => text(value ?? '', at),
  boolean: (value, at) => flag(value ?? false, at),
  'boolean?': (value, at) => (value === undefined ? undefined : flag(value, at)),
  integer: (value, at) => integer(value ?? 0, at),
  'integer?': (value, at) => (value === undefined ? undefined : integer(value, at)),
  strings: (value, at) => list(value ?? [], at, text),
  'strings?': (value, at) => (value === undefined ? undefined : list(value, at, text)),
  'words?': (value, at) =>
    value === undefined ? undefined : typeof value === 'string' ? [value] : list(value, at, text),
  map: (value, at) => mapValues(value ?? {}, at, (item, path) => text(item ?? '', path)),
  keys: (value, at) => Object.keys(mapValues(value ?? {}, at, () => '')),
  'size?': (value, at) => {
    if (value === undefined) return undefined;
    const [height, width] = list(value, at, integer);
    return height === undefined || width === undefined ? undefined : [height, width];
  },
  lists: (value, at) => list(value ?? [], at, (item, path) => list(item ?? [], path, text)),
  ports: (value, at) => mapValues(value ?? {}, at, (item, path) => list(item ?? [], path, binding)),
};

function binding(value: unknown, at: string): { hostAddress: string; hostPort: string } {
  const { HostIp, HostPort } = (value ?? {}) as { HostIp?: unknown; HostPort?: unknown };
  const port = typeof HostPort === 'number' ? String(HostPort) : text(HostPort ?? '', `${at}.HostPort`);
  return { hostAddress: text(HostIp ?? '', `${at}.HostIp`), hostPort: port };
}

function text(value: unknown, at: string): string {
  if (typeof value !== 'string') throw mismatch(at, 'a string');
  return value;
}

function flag(value: unknown, at: string): boolean {
  if (typeof value !== 'boolean') throw mismatch(at, 'true or false');
  return value;
}

function integer(value: unknown, at: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw mismatch(at, 'a whole number');
  return value;
}

function list<T>(value: unknown, at: string, item: (value: unknown, at: string) => T): T[] {
  if (!Array.isArray(value)) throw mismatch(at, 'a list');
  return value.map((entry: unknown, index) => item(entry, `${at}[${index}]`));
}

function mapValues<T>(value: unknown, at: string, item: (value: unknown, at: string) => T): Record<string, T> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch(at, 'an object');
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, item(entry, `${at}.${key}`)]));
}

function mismatch(at: string, wanted: string): InvalidArgumentError {
  return new InvalidArgumentError(`invalid JSON: ${at === '' ? 'the body' : at} must be ${wanted}`);
}

/** The wire object of a parsed one. Empty lists are null, as Docker prints them. */
export function printFields<T extends Table>(table: T, value: Parsed<T>): Record<string, unknown> {
  const source = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(table).map(([own, [wire, kind]]) => [wire, printValue(kind, source[own])]));
}

function printValue(kind: Kind, value: unknown): unknown {
  if (typeof kind !== 'string') return printNested(kind, value);
  switch (kind) {
    case 'strings':
    case 'lists':
      return (value as readonly unknown[]).length === 0 ? null : value;
    case 'keys': {
      const keys = value as readonly string[];
      return keys.length === 0 ? null : Object.fromEntries(keys.map((key) => [key, {}]));
    }
    case 'ports':
      return printPorts(value as Scalars['ports']);
    default:
      return value ?? null;
  }
}

function printNested(kind: Exclude<Kind, string>, value: unknown): unknown {
  if ('list' in kind) {
    const items = value as readonly Parsed<Table>[];
    return items.length === 0 ? null : items.map((item) => printFields(kind.list, item));
  }
  if ('one?' in kind) return value === undefined ? null : printFields(kind['one?'], value as Parsed<Table>);
  return printFields(kind.one, value as Parsed<Table>);
}

function printPorts(ports: Scalars['ports']): Record<string, unknown> {
  const entries = Object.entries(ports).map(([port, bindings]) => [
    port,
    bindings.map(({ hostAddress, hostPort }) => ({ HostIp: hostAddress, HostPort: hostPort })),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}
