import { InvalidArgumentError } from '#lib/errors.ts';

/** How the text behind an instruction's name is split, before any variable is replaced. */
export interface Arguments {
  args: string[];
  /** It was a JSON array of strings. */
  isJson: boolean;
}

const BLANKS = /[\t\v\f\r ]+/;
const plain = (args: string[]): Arguments => ({ args, isJson: false });

/** The whole rest as one argument. */
export function oneArgument(rest: string): Arguments {
  return plain(rest === '' ? [] : [rest]);
}

export function splitAtBlanks(rest: string): Arguments {
  return plain(rest === '' ? [] : rest.split(BLANKS));
}

/** A JSON array of strings, or the text as it is. @throws {InvalidArgumentError} for an array of something else */
export function jsonOrText(rest: string): Arguments {
  return parseJsonForm(rest) ?? oneArgument(rest);
}

/** A JSON array of strings, or words. */
export function jsonOrWords(rest: string): Arguments {
  return parseJsonForm(rest) ?? splitAtBlanks(rest);
}

function parseJsonForm(rest: string): Arguments | undefined {
  if (!rest.trimStart().startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(rest);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (!value.every((item): item is string => typeof item === 'string'))
    throw new InvalidArgumentError('when using JSON array syntax, arrays must be comprised of strings only');
  return { args: value, isJson: true };
}

/** Words; quotes and escapes protect blanks and stay in the words. */
export function splitQuoted(rest: string, escape: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  const characters = Array.from(rest);
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (quote === '' && /\s/u.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = '';
    const escapes = character === escape && quote !== "'";
    if (escapes && at + 1 === characters.length) break;
    word = `${word ?? ''}${character}`;
    if (!escapes) continue;
    at += 1;
    word += characters[at] ?? '';
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** `name=value …` or the old form `name value` as triples of name, value and separator. */
export function nameValues(rest: string, { instruction, escape }: { instruction: string; escape: string }): Arguments {
  const words = splitQuoted(rest, escape);
  const [first] = words;
  if (first === undefined) return plain([]);
  if (!first.includes('=')) {
    const [name = '', ...more] = rest.split(BLANKS);
    if (more.length === 0) throw new InvalidArgumentError(`${instruction} must have two arguments`);
    return plain([name, rest.slice(name.length).replace(/^[\t\v\f\r ]+/, ''), '']);
  }
  const triples = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0)
      throw new InvalidArgumentError(
        `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`,
      );
    return [word.slice(0, equals), word.slice(equals + 1), '='];
  });
  return plain(triples.flat());
}

/** Flags (`--name=value`) before the arguments, and what follows them. */
export function splitFlags(rest: string): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let at = 0;
  for (;;) {
    while (at < rest.length && /\s/u.test(rest[at] ?? '')) at += 1;
    if (!rest.startsWith('--', at)) return { flags, rest: rest.slice(at).trim() };
    const { word, end } = readFlag(rest, at);
    if (word === '--') return { flags, rest: rest.slice(end).trim() };
    flags.push(word);
    at = end;
  }
}

function readFlag(rest: string, start: number): { word: string; end: number } {
  let word = '';
  let quote = '';
  let at = start;
  for (; at < rest.length; at++) {
    const character = rest[at] ?? '';
    if (quote === '' && /\s/u.test(character)) break;
    if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote && quote !== '') quote = '';
    else if (character === '\\') {
      at += 1;
      word += rest[at] ?? '';
    } else word += character;
  }
  return { word, end: at };
}
