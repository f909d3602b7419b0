import { describe, expect, test } from 'vitest';
import backtick from './cases/word-expansion-with-backtick.json' with { type: 'json' };
import own from './cases/word-expansion-with-its-own-environment.json' with { type: 'json' };
import several from './cases/several-words.json' with { type: 'json' };
import words from './cases/word-expansion.json' with { type: 'json' };
import { expand, type ExpandOptions } from './expand.ts';

interface WordCase {
  in: string;
  out?: string;
  error?: boolean;
  unset?: string[];
  env?: Record<string, string | undefined>;
}

const ENVIRONMENT = new Map([
  ['PWD', '/home'],
  ['SHELL', 'bash'],
  ['KOREAN', '한국어'],
  ['NULL', ''],
]);

function checkWord(given: WordCase, options: ExpandOptions = {}): void {
  const variables =
    given.env === undefined ? ENVIRONMENT : new Map(Object.entries(given.env as Record<string, string>));
  if (given.error === true) {
    expect(() => expand(given.in, variables, options)).toThrow();
    return;
  }
  const { word, unset } = expand(given.in, variables, options);
  expect(word).toBe(given.out ?? '');
  if (given.unset !== undefined) expect(unset.toSorted()).toEqual(given.unset.toSorted());
}

describe('a word is expanded as the reference does', () => {
  test.each(words.cases as WordCase[])('$in', (given) => checkWord(given));
  test.each(own.cases as WordCase[])('$in with its own environment', (given) => checkWord(given));
  test.each(backtick.cases as WordCase[])('$in with the escape character `', (given) =>
    checkWord(given, { escape: '`' }),
  );
});

interface SeveralCase {
  in: string;
  env?: string[];
  words?: string[] | null;
  error?: boolean;
  keep_quotes?: boolean;
  keep_unset?: boolean;
}

describe('a value is split into words as the reference does', () => {
  test.each(several.cases as SeveralCase[])('$in', (given) => {
    const variables = new Map(
      (given.env ?? []).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    );
    const options = { keepQuotes: given.keep_quotes === true, keepUnset: given.keep_unset === true };
    if (given.error === true) expect(() => expand(given.in, variables, options)).toThrow();
    else expect(expand(given.in, variables, options).words).toEqual(given.words ?? []);
  });
});

describe('a value made to be large or deep is refused in time', () => {
  test.each([
    ['nested substitutions', '${A:-'.repeat(5000) + '}'.repeat(5000), 'x'],
    ['a value that grows', '$A'.repeat(20), 'x'.repeat(100_000)],
    ['a replacement at every place', '${A//*y/z}', 'x'.repeat(100_000)],
  ])('%s', (_, text, value) => {
    expect(() => expand(text, new Map([['A', value]]))).toThrow();
  });

  test.each(['${A%*x*y}', '${A%%*x*y}', '${A#*y*x*z}', '${A##*y*x*z}'])('%s of a long value', (text) => {
    const value = 'x'.repeat(100_000);
    expect(expand(text, new Map([['A', value]])).word).toBe(value);
  });
});
