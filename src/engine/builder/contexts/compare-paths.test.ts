import { expect, test } from 'vitest';
import { nameBytes } from '#lib/files/name.ts';
import { comparePaths, isBelow } from './compare-paths.ts';

test('what is in a folder comes right behind it, and names in the order of their bytes', () => {
  const ordered = [
    'a',
    'a/b',
    'a/b/c',
    'a-b',
    'a.txt',
    'aa',
    'b',
    'z',
    '\u00e9',
    '\ud7ff',
    '\uffee',
    '\u{1f600}',
    '\u{1f600}/x',
  ];
  expect(ordered.toReversed().toSorted(comparePaths)).toEqual(ordered);
});

test('of names with characters of all lengths the order is that of their bytes', () => {
  const names = ['\udcff', '\udc80', 'x\u{10ffff}', 'x\ue000', 'x\ud7ff', 'x\udce9', 'x~', 'x'];
  const byBytes = names.toSorted((a, b) => Buffer.compare(nameBytes(a), nameBytes(b)));
  expect(names.toSorted(comparePaths)).toEqual(byBytes);
});

test('a name that only begins alike is not below a folder', () => {
  expect(isBelow('a/b', 'a')).toBe(true);
  expect(isBelow('ab', 'a')).toBe(false);
  expect(isBelow('a', 'a')).toBe(false);
});
