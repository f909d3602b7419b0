import { InvalidArgumentError } from '#lib/errors.ts';
import { replacePattern, trimPrefix, trimSuffix } from './pattern.ts';

export interface ExpandOptions {
  /** Backslash unless the escape directive says otherwise. */
  escape?: string;
  /** Quotes stay in the result. */
  keepQuotes?: boolean;
  /** Escape characters stay in the result. */
  keepEscapes?: boolean;
  /** A reference to a variable that is not set stays as it is written. */
  keepUnset?: boolean;
  /** The text of a heredoc: quotes mean nothing, and the escape character only before `$` and itself. */
  heredoc?: boolean;
}

export interface Expanded {
  /** The whole value as one word. */
  word: string;
  /** The value split at blanks that no quote protects. */
  words: string[];
  /** Names that were asked for and not set. */
  unset: string[];
  /** Those of them that have no value to fall back on: neither `-` nor `+` behind the name. */
  missing: string[];
}

/** Variables by name. */
export type Variables = ReadonlyMap<string, string>;

/**
 * Replaces variables and removes quotes: `$v`, `${v}`, the forms with `:-` `-` `:+` `+` `:?` `?`, and the pattern forms `#` `##` `%` `%%` `/` `//`.
 * @throws {InvalidArgumentError} if a quote or brace is open, a form is unknown, or `?` finds a variable that is not set
 */
export function expand(text: string, variables: Variables, options: ExpandOptions = {}): Expanded {
  const state: State = {
    depth: 0,
    characters: Array.from(text),
    at: 0,
    variables,
    options,
    unset: new Set(),
    missing: new Set(),
  };
  const { word, words } = expandUntil(state, undefined, options.keepEscapes === true);
  return { word, words, unset: [...state.unset], missing: [...state.missing] };
}

/** More than the kernel takes as one argument; a value that doubles itself stops here. */
const LIMIT_CHARACTERS = 1024 * 1024;
const HEREDOC_LIMIT_CHARACTERS = 16 * 1024 * 1024;
const DEPTH_LIMIT = 100;

interface State {
  /** Braces that are open. */
  depth: number;
  readonly characters: readonly string[];
  at: number;
  readonly variables: Variables;
  readonly options: ExpandOptions;
  readonly unset: Set<string>;
  readonly missing: Set<string>;
}

function peek(state: State): string | undefined {
  return state.characters[state.at];
}

function next(state: State): string | undefined {
  const character = state.characters[state.at];
  if (character !== undefined) state.at += 1;
  return character;
}

/** Collects a word, and words split at blanks beside it. */
class Collector {
  word = '';
  readonly #words: string[] = [];
  #current = '';
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A blank ends a word. */
  split(text: string): void {
    this.#add(text);
    for (const character of text) {
      if (/\s/u.test(character)) this.#end();
      else this.#current += character;
    }
  }

  /** Blanks are part of the word. */
  whole(text: string): void {
    this.#add(text);
    this.#current += text;
  }

  words(): string[] {
    this.#end();
    return this.#words;
  }

  #add(text: string): void {
    this.word += text;
    if (this.word.length > this.#limit)
      throw new InvalidArgumentError(`the value becomes longer than ${this.#limit} characters`);
  }

  #end(): void {
    if (this.#current !== '') this.#words.push(this.#current);
    this.#current = '';
  }
}

function expandUntil(state: State, stop: string | undefined, keepEscapes: boolean): { word: string; words: string[] } {
  const collector = new Collector(state.options.heredoc === true ? HEREDOC_LIMIT_CHARACTERS : LIMIT_CHARACTERS);
  const escape = state.options.escape ?? '\\';
  for (let character = peek(state); character !== undefined; character = peek(state)) {
    if (character === stop) {
      state.at += 1;
      return { word: collector.word, words: collector.words() };
    }
    const isQuote = state.options.heredoc !== true;
    if (isQuote && character === "'") collector.whole(singleQuoted(state));
    else if (isQuote && character === '"') collector.whole(doubleQuoted(state, keepEscapes));
    else if (character === '$') collector.split(dollar(state));
    else if (character === escape) collector.whole(escapedPair(state, keepEscapes));
    else collector.split(next(state) ?? '');
  }
  if (stop !== undefined) throw new InvalidArgumentError(`syntax error: missing '${stop}'`);
  return { word: collector.word, words: collector.words() };
}

function escapedPair(state: State, keepEscape: boolean): string {
  const escape = next(state) ?? '';
  const escaped = peek(state);
  if (state.options.heredoc === true && escaped !== '$' && escaped !== escape) return escape;
  return `${keepEscape ? escape : ''}${next(state) ?? ''}`;
}

function singleQuoted(state: State): string {
  state.at += 1;
  const end = state.characters.indexOf("'", state.at);
  if (end < 0) throw new InvalidArgumentError('unexpected end of statement while looking for matching single-quote');
  const content = state.characters.slice(state.at, end).join('');
  state.at = end + 1;
  return state.options.keepQuotes === true ? `'${content}'` : content;
}

function doubleQuoted(state: State, keepEscapes: boolean): string {
  const escape = state.options.escape ?? '\\';
  const quote = state.options.keepQuotes === true ? '"' : '';
  let result = quote;
  state.at += 1;
  for (;;) {
    const character = peek(state);
    if (character === undefined)
      throw new InvalidArgumentError('unexpected end of statement while looking for matching double-quote');
    if (character === '$') {
      result += dollar(state);
      continue;
    }
    state.at += 1;
    if (character === '"') return result + quote;
    if (character !== escape) {
      result += character;
      continue;
    }
    const escaped = peek(state);
    const isSpecial = escaped === '"' || escaped === '$' || escaped === escape;
    if (keepEscapes || !isSpecial) result += escaped === undefined && !keepEscapes ? '' : escape;
    if (isSpecial) result += next(state) ?? '';
  }
}

function dollar(state: State): string {
  state.at += 1;
  if (peek(state) === '{') {
    state.at += 1;
    state.depth += 1;
    if (state.depth > DEPTH_LIMIT) throw new InvalidArgumentError('too many nested substitutions');
    const value = braced(state);
    state.depth -= 1;
    return value;
  }
  const name = readName(state);
  if (name === '') return '$';
  const value = lookUp(state, name);
  if (value === undefined && state.options.keepUnset === true) return `$${name}`;
  return value ?? '';
}

function braced(state: State): string {
  const first = peek(state);
  if (first === undefined) throw new InvalidArgumentError("syntax error: missing '}'");
  if (first === '{' || first === '}' || first === ':') throw new InvalidArgumentError('syntax error: bad substitution');
  const name = readName(state);
  const operator = next(state);
  if (operator === '}') {
    const value = lookUp(state, name);
    if (value === undefined && state.options.keepUnset === true) return `\${${name}}`;
    return value ?? '';
  }
  if (operator === '/') return replaced(state, name);
  if (operator !== ':') return modified(state, { name, operator: operator ?? '', orEmpty: false });
  return modified(state, { name, operator: next(state) ?? '', orEmpty: true });
}

interface Modifier {
  name: string;
  operator: string;
  /** The form with a colon: a variable that is set but empty counts as not set. */
  orEmpty: boolean;
}

function modified(state: State, { name, operator, orEmpty }: Modifier): string {
  const written = `${orEmpty ? ':' : ''}${operator}`;
  const isPattern = operator === '#' || operator === '%';
  const unsupported = !['-', '+', '?', '#', '%'].includes(operator) || (isPattern && orEmpty);
  if (unsupported || name === '') throw new InvalidArgumentError(`unsupported modifier (${written}) in substitution`);
  const { word } = expandUntil(state, '}', isPattern);
  const value = lookUp(state, name, operator === '-' || operator === '+');
  if (value === undefined && state.options.keepUnset === true) return `\${${name}${written}${word}}`;
  const isMissing = value === undefined || (orEmpty && value === '');
  if (operator === '-') return isMissing ? word : value;
  if (operator === '+') return isMissing ? '' : word;
  if (operator === '?') {
    if (!isMissing) return value;
    throw new InvalidArgumentError(
      `${name}: ${word || `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`}`,
    );
  }
  const longest = word.startsWith(operator);
  const trim = operator === '#' ? trimPrefix : trimSuffix;
  return trim(value ?? '', longest ? word.slice(1) : word, longest);
}

function replaced(state: State, name: string): string {
  const all = peek(state) === '/';
  if (all) state.at += 1;
  const pattern = expandUntil(state, '/', true).word;
  const replacement = expandUntil(state, '}', true).word;
  const value = lookUp(state, name);
  if (value === undefined && state.options.keepUnset === true)
    return `\${${name}/${all ? '/' : ''}${pattern}/${replacement}}`;
  return replacePattern(value ?? '', { pattern, replacement, all });
}

/** A name of letters, digits and `_`; digits alone, or one of the shell's special parameters. */
function readName(state: State): string {
  const first = peek(state);
  if (first === undefined) return '';
  if (/\p{Nd}/u.test(first)) return readWhile(state, /\p{Nd}/u);
  if ('@*#?-$!'.includes(first)) {
    state.at += 1;
    return first;
  }
  return readWhile(state, /[\p{L}\p{Nd}_]/u);
}

function readWhile(state: State, accepted: RegExp): string {
  const start = state.at;
  for (let character = peek(state); character !== undefined && accepted.test(character); character = peek(state))
    state.at += 1;
  return state.characters.slice(start, state.at).join('');
}

function lookUp(state: State, name: string, hasDefault = false): string | undefined {
  const value = state.variables.get(name);
  if (value !== undefined) return value;
  state.unset.add(name);
  if (!hasDefault) state.missing.add(name);
  return undefined;
}
