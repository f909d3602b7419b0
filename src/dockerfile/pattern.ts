import { InvalidArgumentError } from '#lib/errors.ts';

type Token = { literal: string } | 'any' | 'many';

/** What can come out of a pattern that is tried at every place of a longer text is not worth the time. */
const REPLACE_LIMIT = 16_384;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const characters = Array.from(source);
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*') tokens.push('many');
    else if (character === '?') tokens.push('any');
    else if (character === '\\') {
      at += 1;
      const escaped = characters[at];
      if (escaped === undefined) throw new InvalidArgumentError('pattern ends with a backslash');
      tokens.push({ literal: escaped });
    } else tokens.push({ literal: character });
  }
  return tokens;
}

/** Follows all states at once, so that no pattern takes more than tokens times characters. */
function matchPrefixes(tokens: readonly Token[], text: readonly string[]): number[] {
  const ends: number[] = [];
  let states = closure(tokens, new Set([0]));
  if (states.has(tokens.length)) ends.push(0);
  for (const [index, character] of text.entries()) {
    const next = new Set<number>();
    for (const state of states) {
      const token = tokens[state];
      if (token === undefined) continue;
      if (token === 'many') next.add(state);
      else if (token === 'any' || token.literal === character) next.add(state + 1);
    }
    if (next.size === 0) break;
    states = closure(tokens, next);
    if (states.has(tokens.length)) ends.push(index + 1);
  }
  return ends;
}

/** A `*` may also match nothing. */
function closure(tokens: readonly Token[], states: ReadonlySet<number>): Set<number> {
  const all = new Set<number>();
  for (let state of states) {
    all.add(state);
    while (tokens[state] === 'many') {
      state += 1;
      all.add(state);
    }
  }
  return all;
}

/** The text without the shortest (or longest) beginning that matches. @throws {InvalidArgumentError} if the pattern ends with a backslash */
export function trimPrefix(text: string, pattern: string, longest: boolean): string {
  const characters = Array.from(text);
  const ends = matchPrefixes(tokenize(pattern), characters);
  const end = longest ? ends.at(-1) : ends[0];
  return end === undefined ? text : characters.slice(end).join('');
}

/** The text without the shortest (or longest) end that matches. */
export function trimSuffix(text: string, pattern: string, longest: boolean): string {
  const characters = Array.from(text);
  const lengths = matchPrefixes(tokenize(pattern).toReversed(), characters.toReversed());
  const length = longest ? lengths.at(-1) : lengths[0];
  return length === undefined ? text : characters.slice(0, characters.length - length).join('');
}

/** The text with the first match (or every match) replaced. */
export function replacePattern(
  text: string,
  { pattern, replacement, all }: { pattern: string; replacement: string; all: boolean },
): string {
  const tokens = tokenize(pattern);
  const characters = Array.from(text);
  if (characters.length > REPLACE_LIMIT)
    throw new InvalidArgumentError(`a value of more than ${REPLACE_LIMIT} characters is too long for a replacement`);
  let result = '';
  for (let at = 0; at <= characters.length;) {
    const length = matchPrefixes(tokens, characters.slice(at)).at(-1);
    if (length === undefined || (all && pattern === '')) {
      result += characters[at] ?? '';
      at += 1;
      continue;
    }
    result += replacement;
    if (!all) return result + characters.slice(at + length).join('');
    at += length;
    if (length === 0) {
      result += characters[at] ?? '';
      at += 1;
    }
  }
  return result;
}
