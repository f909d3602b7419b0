import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import { cleanName } from './clean-name.ts';

test.each([
  ['a/b', 'a/b'],
  ['a/b/', 'a/b'],
  ['./a', 'a'],
  ['./', ''],
  ['.', ''],
  ['', ''],
  ['/', ''],
  ['//', ''],
  ['.//a', 'a'],
  ['././a', 'a'],
  ['/a//b/./c/.', 'a/b/c'],
  ['a/..', ''],
  ['a/../b', 'b'],
  ['a/b/../../c', 'c'],
  ['...', '...'],
  ['.a/..b/c..', '.a/..b/c..'],
  ['./.../', '...'],
])('%j is %j', (name, clean) => {
  expect(cleanName(name)).toBe(clean);
});

test.each(['..', '../a', './..', './../a', 'a/../..', '/..', 'a/../../b', 'a\0b', 'a/\0'])('%j is refused', (name) => {
  expect(() => cleanName(name)).toThrow(InvalidArgumentError);
});
