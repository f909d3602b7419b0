import { InvalidArgumentError } from '#lib/errors.ts';

/** A value of a YAML file. Numbers stay as they are written, for `3.10` is a version and no number. */
export type Yaml = string | boolean | null | Yaml[] | YamlMap;
export interface YamlMap {
  [key: string]: Yaml;
}

/** Lines of keys and items, by the map or list that holds them. */
const LINES = new WeakMap<object, Map<string | number, number>>();

const MAX_DEPTH = 64;
const MAX_MERGES = 1000;
const MAX_KEY = 512;

/**
 * Reads the YAML that projects hold: block and flow maps and lists, all kinds of strings, anchors and merges; the first document of a file.
 * Tags are passed over. An anchor's value is shared, not copied.
 * @throws {InvalidArgumentError} that names the line where it cannot go on
 */
export function parseYaml(text: string): Yaml {
  const reader: Reader = { lines: text.split(/\r?\n/), at: 0, depth: 0, merges: 0, anchors: new Map() };
  const first = peek(reader);
  if (first === undefined) return null;
  const value = readBlock(reader, first.indent);
  const rest = peek(reader);
  if (rest !== undefined) fail(reader, 'it is neither part of what stands above it nor a document of its own');
  return value;
}

/** Line of a key or item, counted from 1; 1 where that is not known. */
export function yamlLine(container: Yaml | undefined, key: string | number): number {
  return typeof container === 'object' && container !== null ? (LINES.get(container)?.get(key) ?? 1) : 1;
}

/** Walks to a value by its keys; undefined where a step is missing or is no map. */
export function yamlAt(value: Yaml, ...keys: readonly string[]): Yaml | undefined {
  let found: Yaml | undefined = value;
  for (const key of keys) {
    if (!isYamlMap(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return found;
}

export function isYamlMap(value: Yaml | undefined): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Reader {
  /** What is read of a line is blanked, so that the rest keeps its column. */
  lines: string[];
  at: number;
  depth: number;
  merges: number;
  anchors: Map<string, Yaml>;
}

interface Line {
  indent: number;
  text: string;
}

function fail(reader: Reader, why: string): never {
  throw new InvalidArgumentError(`line ${Math.min(reader.at + 1, reader.lines.length)} of the YAML file cannot be read`, { why }); // prettier-ignore
}

const emptyMap = (): YamlMap => Object.create(null) as YamlMap;

function note(reader: Reader, container: object, key: string | number): void {
  const lines = LINES.get(container) ?? new Map<string | number, number>();
  LINES.set(container, lines.set(key, reader.at + 1));
}

/** The next line that holds something; undefined at the end of the first document. */
function peek(reader: Reader): Line | undefined {
  for (; reader.at < reader.lines.length; reader.at++) {
    const line = reader.lines[reader.at] ?? '';
    const text = line.trim();
    if (text === '' || text.startsWith('#') || text.startsWith('%')) continue;
    if (/^---(\s|$)/.test(line)) {
      if (isInside(reader)) return undefined;
      reader.lines[reader.at] = `   ${line.slice(3)}`;
      reader.at--;
      continue;
    }
    if (/^\.\.\.\s*$/.test(line)) return undefined;
    const indent = line.search(/\S/);
    if (line.slice(0, indent).includes('\t')) fail(reader, 'it is indented with a tab');
    return { indent, text };
  }
  return undefined;
}

/** Whether anything of the document was read before. */
function isInside(reader: Reader): boolean {
  return reader.lines.slice(0, reader.at).some((line) => line.trim() !== '' && !/^\s*[#%]/.test(line));
}

const KEY = /^(?:"((?:\\.|[^"\\])*)"|'((?:''|[^'])*)'|([^\s[\]{},"'#&*!|>%@`-](?:[^#:]|:(?=\S)|(?<=\S)#)*?|-(?=\S)(?:[^#:]|:(?=\S)|(?<=\S)#)*?|<<))\s*:(?=\s|$)/; // prettier-ignore

/** Keys are looked for at the beginning of a line only: lines may be as long as a file. */
const keyIn = (text: string): RegExpExecArray | null => KEY.exec(text.slice(0, MAX_KEY));

function readBlock(reader: Reader, indent: number): Yaml {
  if (++reader.depth > MAX_DEPTH) fail(reader, 'values lie too deep in each other');
  const text = peek(reader)?.text ?? '';
  const value = isItem(text) ? readList(reader, indent) : keyIn(text) !== null ? readMap(reader, indent) : readLoose(reader, indent); // prettier-ignore
  reader.depth--;
  return value;
}

const isItem = (text: string): boolean => text === '-' || /^-\s/.test(text);

/** A value that stands alone: a scalar, a flow value, or one with an anchor or a tag before it. */
function readLoose(reader: Reader, indent: number): Yaml {
  const text = peek(reader)?.text ?? '';
  return readValue(reader, { rest: text, parent: indent - 1 });
}

function readList(reader: Reader, indent: number): Yaml[] {
  const list: Yaml[] = [];
  for (let line = peek(reader); line?.indent === indent && isItem(line.text); line = peek(reader)) {
    note(reader, list, list.length);
    const rest = line.text.slice(1);
    const column = indent + 1 + rest.search(/\S|$/);
    if (isItem(rest.trim()) || keyIn(rest.trim()) !== null) {
      reader.lines[reader.at] = ' '.repeat(column) + rest.trim();
      list.push(readBlock(reader, column));
    } else list.push(readValue(reader, { rest: rest.trim(), parent: indent }));
  }
  return list;
}

function readMap(reader: Reader, indent: number): YamlMap {
  const map = emptyMap();
  for (let line = peek(reader); line?.indent === indent; line = peek(reader)) {
    const match = keyIn(line.text);
    if (match === null) fail(reader, 'a key with a colon is expected');
    const key = match[1] === undefined ? (match[2]?.replaceAll("''", "'") ?? match[3] ?? '') : unescape(match[1]);
    note(reader, map, key);
    const value = readValue(reader, { rest: line.text.slice(match[0].length).trim(), parent: indent, inMap: true });
    if (key === '<<') merge(reader, map, value);
    else map[key] = value;
  }
  const next = peek(reader);
  if (next !== undefined && next.indent > indent) fail(reader, 'it is indented deeper than what it follows');
  return map;
}

function merge(reader: Reader, map: YamlMap, value: Yaml): void {
  for (const source of Array.isArray(value) ? value : [value]) {
    if (!isYamlMap(source) || ++reader.merges > MAX_MERGES)
      fail(reader, 'only maps can be merged, and not without end');
    for (const [key, inner] of Object.entries(source)) if (!Object.hasOwn(map, key)) map[key] = inner;
  }
}

interface Rest {
  /** What follows on the line. */
  rest: string;
  /** Indentation of what the value belongs to: its further lines stand deeper. */
  parent: number;
  inMap?: boolean;
}

function readValue(reader: Reader, { rest, parent, inMap = false }: Rest): Yaml {
  const named = /^&([^\s,[\]{}]+)\s*/.exec(rest);
  const tagged = /^!\S*\s*/.exec(rest);
  if (named !== null || tagged !== null) {
    const value = readValue(reader, { rest: rest.slice((named ?? tagged)?.[0].length), parent, inMap });
    if (named !== null) reader.anchors.set(named[1] ?? '', value);
    return value;
  }
  if (rest === '' || rest.startsWith('#')) return readBelow(reader, { parent, inMap });
  if (/^[|>]/.test(rest)) return readText(reader, rest, parent);
  if (/^["'[{]/.test(rest)) return readClosed(reader, rest);
  if (rest.startsWith('*')) return readAlias(reader, rest);
  return readPlain(reader, rest, parent);
}

/** What stands on the lines below a key or a dash; lists of a map need no deeper indentation. */
function readBelow(reader: Reader, { parent, inMap }: { parent: number; inMap: boolean }): Yaml {
  reader.at++;
  const next = peek(reader);
  if (next !== undefined && (next.indent > parent || (inMap && next.indent === parent && isItem(next.text))))
    return readBlock(reader, next.indent);
  return null;
}

function readAlias(reader: Reader, rest: string): Yaml {
  const name = /^\*([^\s,[\]{}#]+)\s*(?:#.*)?$/.exec(rest)?.[1] ?? '';
  const value = reader.anchors.get(name);
  if (value === undefined) fail(reader, `nothing is called ${name} before it`);
  reader.at++;
  return value;
}

/** `|` keeps its lines, `>` folds them; `-` takes the last line break off. */
function readText(reader: Reader, header: string, parent: number): string {
  const lines: string[] = [];
  let indent: number | undefined;
  for (reader.at++; reader.at < reader.lines.length; reader.at++) {
    const line = reader.lines[reader.at] ?? '';
    const own = line.search(/\S/);
    if (own !== -1 && own <= parent) break;
    if (own !== -1) indent ??= own;
    lines.push(line.slice(Math.min(indent ?? 0, own === -1 ? line.length : own)));
  }
  while (lines.at(-1)?.trim() === '') lines.pop();
  const text = header.startsWith('|') ? lines.join('\n') : lines.join('\n').replace(/([^\n])\n(?=[^\n\s])/g, '$1 ');
  return header.includes('-') ? text : `${text}\n`;
}

/** A plain scalar, with the deeper lines that continue it. */
function readPlain(reader: Reader, rest: string, parent: number): Yaml {
  let text = withoutComment(rest);
  const isWhole = text !== rest.trim();
  reader.at++;
  if (isWhole) return scalar(text);
  for (let next = peek(reader); next !== undefined && next.indent > parent; next = peek(reader)) {
    if (keyIn(next.text) !== null || isItem(next.text))
      fail(reader, 'a value is followed by another that is indented deeper');
    text += ` ${withoutComment(next.text)}`;
    reader.at++;
  }
  return scalar(text);
}

const withoutComment = (text: string): string => text.replace(/(^|\s)#.*$/, '').trim();

function scalar(text: string): Yaml {
  if (text === '' || text === '~' || /^null$/i.test(text)) return null;
  return /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : text;
}

/** A quoted or a flow value, over as many lines as it takes. */
function readClosed(reader: Reader, rest: string): Yaml {
  const from = reader.at;
  let text = rest;
  for (;;) {
    const flow = { reader, text, at: 0, depth: 0 };
    const value = readFlow(flow);
    if (value !== undefined) {
      if (!/^\s*(#.*)?$/.test(flow.text.slice(flow.at))) fail(reader, 'something follows the value');
      reader.at++;
      return value;
    }
    reader.at++;
    if (reader.at >= reader.lines.length || reader.at - from > MAX_FLOW_LINES || text.length > MAX_FLOW_CHARACTERS) {
      reader.at = from;
      fail(reader, 'a quote or a bracket is not closed');
    }
    text += `\n${reader.lines[reader.at]?.trim() ?? ''}`;
  }
}

const MAX_FLOW_LINES = 500;
const MAX_FLOW_CHARACTERS = 100_000;

interface Flow {
  reader: Reader;
  text: string;
  at: number;
  depth: number;
}

function take(flow: Flow, pattern: RegExp): string {
  pattern.lastIndex = flow.at;
  const match = pattern.exec(flow.text)?.[0] ?? '';
  flow.at += match.length;
  return match;
}

const skipFlow = (flow: Flow): string => take(flow, /(?:\s+|(?<=\s)#[^\n]*)*/y);

/** Undefined where the text ends before the value does. */
function readFlow(flow: Flow): Yaml | undefined {
  skipFlow(flow);
  switch (flow.text[flow.at]) {
    case undefined:
      return undefined;
    case '"':
      return quoted(take(flow, /"(?:\\[^]|[^"\\])*"/y), (body) => unescape(body));
    case "'":
      return quoted(take(flow, /'(?:''|[^'])*'/y), (body) => body.replaceAll("''", "'"));
    case '[':
    case '{':
      return readFlowNested(flow);
    default:
      return scalar(withoutComment(take(flow, /(?:[^,[\]{}:#\n]|:(?![\s,[\]{}])|(?<=\S)#)+/y)));
  }
}

function quoted(raw: string, undo: (body: string) => string): string | undefined {
  return raw === '' ? undefined : undo(raw.slice(1, -1).replace(/[ \t]*\n[ \t]*/g, ' '));
}

function readFlowNested(flow: Flow): Yaml | undefined {
  if (++flow.depth > MAX_DEPTH) fail(flow.reader, 'values lie too deep in each other');
  const value = flow.text[flow.at] === '[' ? readFlowList(flow) : readFlowMap(flow);
  flow.depth--;
  return value;
}

function readFlowList(flow: Flow): Yaml[] | undefined {
  const list: Yaml[] = [];
  flow.at++;
  for (skipFlow(flow); flow.text[flow.at] !== ']'; skipFlow(flow)) {
    note(flow.reader, list, list.length);
    const value = readFlow(flow);
    skipFlow(flow);
    if (value === undefined || flow.at >= flow.text.length) return undefined;
    list.push(value);
    if (take(flow, /,/y) === '' && flow.text[flow.at] !== ']') fail(flow.reader, 'a comma is missing in a list');
  }
  flow.at++;
  return list;
}

function readFlowMap(flow: Flow): YamlMap | undefined {
  const map = emptyMap();
  flow.at++;
  for (skipFlow(flow); flow.text[flow.at] !== '}'; skipFlow(flow)) {
    const key = readFlow(flow);
    skipFlow(flow);
    const hasValue = take(flow, /:/y) !== '';
    const value = hasValue ? readFlow(flow) : null;
    skipFlow(flow);
    if (key === undefined || value === undefined || flow.at >= flow.text.length) return undefined;
    if (typeof key === 'object') fail(flow.reader, 'a key is expected');
    note(flow.reader, map, String(key));
    map[String(key)] = value;
    if (take(flow, /,/y) === '' && flow.text[flow.at] !== '}') fail(flow.reader, 'a comma is missing in a map');
  }
  flow.at++;
  return map;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', 0: '\0', e: '\u001b', ' ': ' ', '/': '/', '"': '"', '\\': '\\' }; // prettier-ignore

function unescape(body: string): string {
  return body.replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|\n\s*|[^])/g, (whole, what: string) => {
    if (what.startsWith('\n')) return '';
    if (what.length > 1) return String.fromCharCode(Number.parseInt(what.slice(1), 16));
    return ESCAPES[what] ?? whole;
  });
}
