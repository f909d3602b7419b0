import { expect, test } from 'vitest';
import { compareVersions, exactVersion, meets } from './version.ts';

test('versions compare by number, and what comes before a release is older than it', () => {
  const sorted = ['1.9', '1.10.0rc1', '1.10', '1.10.post1', '2.0.dev3', '2.0a1', '2.0b2', '2.0'];
  expect(sorted.toReversed().toSorted(compareVersions)).toEqual(sorted);
  expect(compareVersions('1.10', '1.10.0')).toBe(0);
});

test.each([
  ['3.11', '>=3.9,<3.13', true],
  ['3.13', '>=3.9,<3.13', false],
  ['3.9', '>=3.10', false],
  ['3.11', '==3.11.*', true],
  ['3.12', '!=3.12.*', false],
  ['1.4.5', '~=1.4.2', true],
  ['1.5.0', '~=1.4.2', false],
  ['3.10', '~=3.9', true],
  ['3.11', '', true],
  ['3.11', 'nonsense', true],
])('%s against %s', (version, specifiers, expected) => {
  expect(meets(version, specifiers)).toBe(expected);
});

test('only == gives an exact version', () => {
  expect(exactVersion('==1.5.2')).toBe('1.5.2');
  expect(exactVersion('>=1.0,==1.5.2')).toBe('1.5.2');
  expect(exactVersion('==1.5.*')).toBeUndefined();
  expect(exactVersion('>=1.5')).toBeUndefined();
});
