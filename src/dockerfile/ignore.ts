import { InvalidArgumentError } from '#lib/errors.ts';
import { cleanPath } from './clean-path.ts';

/** Ordered patterns of a .dockerignore file: the last one that matches decides, `!` takes a path back in. */
export interface Ignore {
  readonly isEmpty: boolean;
  /** Whether a slash path, relative and without a leading slash, is excluded, by itself or through a folder above it. */
  excludes(path: string): boolean;
  /** Whether something below an excluded folder could be taken back in, so that it must be looked into. */
  mayHoldExceptions(folder: string): boolean;
  /** As `excludes`, for walks: what is known of the folder that a path is in saves most of the work. */
  match(path: string, folder: IgnoreMatch | undefined): IgnoreMatch;
}

/** What the patterns say of one path. */
export interface IgnoreMatch {
  readonly isExcluded: boolean;
  /** By pattern, whether the path or a folder above it matches. */
  readonly matched: readonly boolean[];
}

/** The patterns in the lines of a .dockerignore file. */
export function ignoreLines(text: string): string[] {
  const patterns: string[] = [];
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const trimmed = line.trim();
    if (line.startsWith('#') || trimmed === '') continue;
    const isException = trimmed.startsWith('!');
    const cleaned = cleanPattern(isException ? trimmed.slice(1).trim() : trimmed);
    patterns.push(isException ? `!${cleaned}` : cleaned);
  }
  return patterns;
}

function cleanPattern(pattern: string): string {
  if (pattern === '') return '';
  const cleaned = cleanPath(pattern);
  return cleaned.length > 1 && cleaned.startsWith('/') ? cleaned.slice(1) : cleaned;
}

/** @throws {InvalidArgumentError} if a pattern is broken */
export function compileIgnore(patterns: readonly string[]): Ignore {
  const compiled = patterns.map((text) => compile(text)).filter((pattern) => pattern !== undefined);
  return {
    isEmpty: compiled.length === 0,
    excludes(path) {
      const parents = parentsOf(path);
      let excluded = false;
      for (const pattern of compiled) {
        if (pattern.isException !== excluded) continue;
        if (pattern.matches(path) || parents.some((parent) => pattern.matches(parent))) excluded = !pattern.isException;
      }
      return excluded;
    },
    mayHoldExceptions: (folder) =>
      compiled.some(
        ({ isException, text }) =>
          isException && (hasWildcard(text) || text.startsWith(`${folder}/`) || text === folder),
      ),
    match(path, folder) {
      const isNew = (pattern: Pattern, index: number): boolean =>
        folder?.matched[index] !== true && pattern.matches(path);
      if (folder !== undefined && !compiled.some(isNew)) return folder;
      const matched = compiled.map((pattern, index) => folder?.matched[index] === true || pattern.matches(path));
      let isExcluded = false;
      for (const [index, { isException }] of compiled.entries())
        if (matched[index] === true && isException === isExcluded) isExcluded = !isException;
      return { isExcluded, matched };
    },
  };
}

/** Whether one name of a path matches one part of a pattern; there is no `**` in it. @throws {InvalidArgumentError} */
export function matchesName(pattern: string, name: string): boolean {
  return run(tokenize(pattern.replace(/\*+/g, '*')), Array.from(name));
}

/** Whether a text has characters that make it a pattern. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

interface Pattern {
  text: string;
  isException: boolean;
  matches(path: string): boolean;
}

function hasWildcard(text: string): boolean {
  return /[*?[\\]/.test(text);
}

function parentsOf(path: string): string[] {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  if (folder === '') return [];
  const parts = folder.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function compile(written: string): Pattern | undefined {
  const trimmed = written.trim();
  if (trimmed === '') return undefined;
  const cleaned = cleanPath(trimmed);
  const isException = cleaned.startsWith('!');
  const text = isException ? cleaned.slice(1) : cleaned;
  if (text === '') throw new InvalidArgumentError('illegal exclusion pattern: "!"');
  const tokens = tokenize(text);
  return { text, isException, matches: matcherOf(text, tokens) };
}

/** `deep` is any number of whole folders, none included; `all` is everything to the end. */
type Token =
  | 'deep'
  | 'all'
  | 'star'
  | 'one'
  | { ranges: readonly (readonly [string, string])[]; negated: boolean }
  | string[];

const literal = (character: string): string[] => [character];

function tokenize(text: string): Token[] {
  const characters = Array.from(text);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*' && characters[at + 1] === '*') {
      at += characters[at + 2] === '/' ? 2 : 1;
      tokens.push(at + 1 >= characters.length ? 'all' : 'deep');
    } else if (character === '*') tokens.push('star');
    else if (character === '?') tokens.push('one');
    else if (character === '[') {
      const { token, end } = readClass(characters, at + 1, text);
      tokens.push(token);
      at = end;
    } else if (character === '\\') {
      at += 1;
      tokens.push(literal(escaped(characters, at, text)));
    } else tokens.push(literal(character));
  }
  return tokens;
}

function readClass(characters: readonly string[], start: number, text: string): { token: Token; end: number } {
  let at = start;
  const negated = characters[at] === '^';
  if (negated) at += 1;
  const ranges: [string, string][] = [];
  const read = (): string => {
    const character = characters[at] ?? '';
    if (character === '' || character === '-' || character === ']') throw broken(text);
    if (character === '\\') at += 1;
    const value = character === '\\' ? escaped(characters, at, text) : character;
    at += 1;
    return value;
  };
  while (characters[at] !== ']' || ranges.length === 0) {
    const low = read();
    if (characters[at] !== '-') {
      ranges.push([low, low]);
      continue;
    }
    at += 1;
    ranges.push([low, read()]);
  }
  return { token: { ranges, negated }, end: at };
}

function escaped(characters: readonly string[], at: number, text: string): string {
  const character = characters[at];
  if (character === undefined) throw broken(text);
  return character;
}

function broken(text: string): InvalidArgumentError {
  return new InvalidArgumentError(`syntax error in pattern: ${JSON.stringify(text)}`);
}

/** More than so many of a kind are not left to a regular expression, which tries all ways to place them. */
const REGEXP_LIMIT = 2;

/** The simple forms compare text; the others follow all states at once, so that no pattern takes long. */
function matcherOf(text: string, tokens: readonly Token[]): (path: string) => boolean {
  const isPlain = (from: number, to?: number): boolean =>
    !text.includes('\\') && tokens.slice(from, to).every((token) => Array.isArray(token));
  if (isPlain(0)) return (path) => path === text;
  if (tokens.at(-1) === 'all' && isPlain(0, -1)) return startsWith(text.slice(0, -2));
  if (tokens[0] === 'deep' && isPlain(1)) return endsWith(text.slice(2));
  const isSmall = (kind: Token): boolean => tokens.filter((token) => token === kind).length <= REGEXP_LIMIT;
  if (isSmall('star') && isSmall('deep')) {
    const expression = regexpOf(tokens);
    return (path) => expression.test(path);
  }
  return (path) => run(tokens, Array.from(path));
}

function regexpOf(tokens: readonly Token[]): RegExp {
  const parts = tokens.map((token) => {
    if (token === 'all') return '.*';
    if (token === 'deep') return '(?:.*/)?';
    if (token === 'star') return '[^/]*';
    if (token === 'one') return '[^/]';
    if (Array.isArray(token)) return RegExp.escape(token[0] ?? '');
    const ranges = token.ranges.filter(([low, high]) => low <= high);
    return `[${token.negated ? '^' : ''}${ranges.map(([low, high]) => `${codeOf(low)}-${codeOf(high)}`).join('')}]`;
  });
  return new RegExp(`^${parts.join('')}$`, 'su');
}

function codeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

const startsWith = (prefix: string) => (path: string) => path.startsWith(prefix);

const endsWith = (suffix: string) => (path: string) =>
  path.endsWith(suffix) || (suffix.startsWith('/') && path === suffix.slice(1));

/** States are token indexes times two; the odd ones are inside a `deep`. */
function run(tokens: readonly Token[], characters: readonly string[]): boolean {
  let states = closure(tokens, [0]);
  for (const character of characters) {
    const next: number[] = [];
    for (const state of states) advance({ tokens, state, next }, character);
    if (next.length === 0) return false;
    states = closure(tokens, next);
  }
  return states.has(tokens.length * 2);
}

function advance(
  { tokens, state, next }: { tokens: readonly Token[]; state: number; next: number[] },
  character: string,
): void {
  const token = tokens[state >> 1];
  if (state % 2 === 1) {
    next.push(state);
    if (character === '/') next.push(state + 1);
  } else if (token === 'all') next.push(state);
  else if (token === 'star') {
    if (character !== '/') next.push(state);
  } else if (token === 'one') {
    if (character !== '/') next.push(state + 2);
  } else if (token !== undefined && token !== 'deep' && accepts(token, character)) next.push(state + 2);
}

function accepts(token: Exclude<Token, string>, character: string): boolean {
  if (Array.isArray(token)) return token[0] === character;
  return token.ranges.some(([low, high]) => low <= character && character <= high) !== token.negated;
}

function closure(tokens: readonly Token[], from: readonly number[]): Set<number> {
  const states = new Set<number>();
  const pending = [...from];
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    if (states.has(state)) continue;
    states.add(state);
    if (state % 2 === 1) continue;
    const token = tokens[state >> 1];
    if (token === 'deep') pending.push(state + 1, state + 2);
    else if (token === 'star' || token === 'all') pending.push(state + 2);
  }
  return states;
}
