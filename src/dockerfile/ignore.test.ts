import { describe, expect, test } from 'vitest';
import fileLines from './cases/ignore-file-lines.json' with { type: 'json' };
import patterns from './cases/ignore-patterns.json' with { type: 'json' };
import { compileIgnore, ignoreLines } from './ignore.ts';

describe('a path is excluded as the reference does', () => {
  test.each(patterns.cases as { patterns: string[]; path: string; matches?: boolean; error?: boolean }[])(
    '$patterns on $path',
    (given) => {
      const match = () => compileIgnore(given.patterns).excludes(given.path);
      if (given.error === true) expect(match).toThrow();
      else expect(match()).toBe(given.matches === true);
    },
  );
});

test.each(fileLines.cases as { in: string; patterns: string[] }[])(
  'lines are read as the reference does: $in',
  (given) => {
    expect(ignoreLines(given.in)).toEqual(given.patterns);
  },
);

test('a pattern made to be slow is not', () => {
  const slow = compileIgnore([`${'**/a*'.repeat(30)}b`]);
  expect(slow.excludes(`${'a/'.repeat(60)}c`)).toBe(false);
});
