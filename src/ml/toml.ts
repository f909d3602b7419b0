import { InvalidArgumentError } from '#lib/errors.ts';

export type Toml = string | number | boolean | Toml[] | TomlTable;
export interface TomlTable {
  [key: string]: Toml;
}

/** Lines of keys and items, by the table or list that holds them. */
const LINES = new WeakMap<object, Map<string | number, number>>();

const MAX_DEPTH = 64;

/**
 * Reads the TOML that Python projects hold: tables, arrays of tables, all kinds of strings, inline tables; dates stay text.
 * @throws {InvalidArgumentError} that names the line where it cannot go on
 */
export function parseToml(text: string): TomlTable {
  const reader: Reader = { text, at: 0, depth: 0, line: 1, counted: 0 };
  const root = emptyTable();
  let table = root;
  for (skipBlank(reader); reader.at < text.length; skipBlank(reader)) {
    if (text[reader.at] === '[') {
      table = enterTable(reader, root);
    } else {
      assign(reader, table);
    }
    endOfLine(reader);
  }
  return root;
}

/** Walks to a value by its keys; undefined where a step is missing or is no table. */
export function tomlAt(table: TomlTable, ...keys: readonly string[]): Toml | undefined {
  let value: Toml | undefined = table;
  for (const key of keys) {
    if (!isTable(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** Text; empty for everything else. */
export function textOf(value: Toml | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function isTable(value: Toml | undefined): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value);
}

/** Line of a key or item in the file it was read from, counted from 1; 1 where that is not known. */
export function tomlLine(container: Toml | undefined, key: string | number): number {
  return typeof container === 'object' ? (LINES.get(container)?.get(key) ?? 1) : 1;
}

interface Reader {
  text: string;
  at: number;
  depth: number;
  /** Line of the character at `counted`. */
  line: number;
  counted: number;
}

function note(reader: Reader, container: object, key: string | number): void {
  for (
    let at = reader.text.indexOf('\n', reader.counted);
    at !== -1 && at < reader.at;
    at = reader.text.indexOf('\n', at + 1)
  ) {
    reader.line++;
    reader.counted = at + 1;
  }
  const lines = LINES.get(container) ?? new Map<string | number, number>();
  LINES.set(container, lines.set(key, reader.line));
}

const emptyTable = (): TomlTable => Object.create(null) as TomlTable;

function fail(reader: Reader, why: string): never {
  const line = reader.text.slice(0, reader.at).split('\n').length;
  throw new InvalidArgumentError(`line ${line} of the TOML file cannot be read`, { why });
}

function skip(reader: Reader, pattern: RegExp): string {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.text)?.[0] ?? '';
  reader.at += match.length;
  return match;
}

const skipBlank = (reader: Reader): string => skip(reader, /(?:[ \t\r\n]+|#[^\n]*)*/y);
const skipSpace = (reader: Reader): string => skip(reader, /[ \t]*/y);

function endOfLine(reader: Reader): void {
  skip(reader, /[ \t]*(?:#[^\n]*)?\r?/y);
  if (reader.at < reader.text.length && reader.text[reader.at] !== '\n') fail(reader, 'something follows the value');
}

function enterTable(reader: Reader, root: TomlTable): TomlTable {
  const isList = reader.text.startsWith('[[', reader.at);
  reader.at += isList ? 2 : 1;
  const keys = readKeys(reader);
  if (skip(reader, isList ? /[ \t]*\]\]/y : /[ \t]*\]/y) === '') fail(reader, 'a table name is not closed');
  const last = keys.pop() ?? '';
  const parent = descend(reader, root, keys);
  note(reader, parent, last);
  if (!isList) return descend(reader, parent, [last]);
  const list = (parent[last] ??= []);
  if (!Array.isArray(list)) fail(reader, `${last} is not an array of tables`);
  const table = emptyTable();
  note(reader, list, list.length);
  list.push(table);
  return table;
}

function descend(reader: Reader, from: TomlTable, keys: readonly string[]): TomlTable {
  let table = from;
  for (const key of keys) {
    const next: Toml | undefined = (table[key] ??= emptyTable());
    const inner: Toml | undefined = Array.isArray(next) ? next.at(-1) : next;
    if (!isTable(inner)) fail(reader, `${key} is a value and a table`);
    table = inner;
  }
  return table;
}

function assign(reader: Reader, table: TomlTable): void {
  const keys = readKeys(reader);
  if (skip(reader, /[ \t]*=[ \t]*/y) === '') fail(reader, 'a key has no value');
  const last = keys.pop() ?? '';
  const owner = descend(reader, table, keys);
  note(reader, owner, last);
  owner[last] = readValue(reader);
}

function readKeys(reader: Reader): string[] {
  const keys: string[] = [];
  do {
    skipSpace(reader);
    const quote = reader.text[reader.at];
    const key = quote === '"' || quote === "'" ? readString(reader) : skip(reader, /[\w-]+/y);
    if (key === '' && quote !== '"' && quote !== "'") fail(reader, 'a key is expected');
    keys.push(key);
    if (keys.length > MAX_DEPTH) fail(reader, 'tables lie too deep in each other');
  } while (skip(reader, /[ \t]*\./y) !== '');
  return keys;
}

function readValue(reader: Reader): Toml {
  const first = reader.text[reader.at];
  if (first === '"' || first === "'") return readString(reader);
  if (first === '[' || first === '{') return readNested(reader);
  const word = skip(reader, /[^\s,\]}#]+/y);
  if (word === 'true' || word === 'false') return word === 'true';
  if (/^[+-]?\d[\d_]*(\.[\d_]+)?([eE][+-]?\d+)?$/.test(word)) return Number(word.replaceAll('_', ''));
  if (/^0x[\da-fA-F_]+$|^0o[0-7_]+$|^0b[01_]+$/.test(word)) return Number(word.replaceAll('_', ''));
  if (word === '') fail(reader, 'a value is expected');
  return word;
}

function readNested(reader: Reader): Toml {
  if (++reader.depth > MAX_DEPTH) fail(reader, 'values lie too deep in each other');
  const value = reader.text[reader.at] === '[' ? readList(reader) : readInline(reader);
  reader.depth--;
  return value;
}

function readList(reader: Reader): Toml[] {
  const list: Toml[] = [];
  reader.at++;
  for (skipBlank(reader); reader.text[reader.at] !== ']'; skipBlank(reader)) {
    note(reader, list, list.length);
    list.push(readValue(reader));
    skipBlank(reader);
    if (skip(reader, /,/y) === '' && reader.text[reader.at] !== ']') fail(reader, 'a list is not closed');
  }
  reader.at++;
  return list;
}

function readInline(reader: Reader): TomlTable {
  const table = emptyTable();
  reader.at++;
  for (skipBlank(reader); reader.text[reader.at] !== '}'; skipBlank(reader)) {
    assign(reader, table);
    skipBlank(reader);
    if (skip(reader, /,/y) === '' && reader.text[reader.at] !== '}') fail(reader, 'an inline table is not closed');
  }
  reader.at++;
  return table;
}

function readString(reader: Reader): string {
  const quote = reader.text[reader.at] ?? '';
  const isLong = reader.text.startsWith(quote.repeat(3), reader.at);
  const pattern =
    quote === '"'
      ? isLong ? /"""(?:\\[^]|[^\\])*?"{3,5}/y : /"(?:\\.|[^"\\\n])*"/y
      : isLong ? /'''[^]*?'{3,5}/y : /'[^'\n]*'/y; // prettier-ignore
  const raw = skip(reader, pattern);
  if (raw === '') fail(reader, 'a string is not closed');
  const width = isLong ? 3 : 1;
  const body = raw.slice(width, -width).replace(isLong ? /^\r?\n/ : /^(?!)/, '');
  return quote === '"' ? unescape(body) : body;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\' };

function unescape(body: string): string {
  return body.replace(/\\(u[\da-fA-F]{4}|U[\da-fA-F]{8}|[ \t]*\r?\n\s*|.)/g, (whole, what: string) => {
    if (what.includes('\n')) return '';
    const code = what.length > 1 ? Number.parseInt(what.slice(1), 16) : undefined;
    if (code !== undefined) return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    return ESCAPES[what] ?? whole;
  });
}
