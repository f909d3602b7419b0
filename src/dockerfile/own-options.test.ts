import { expect, test } from 'vitest';
import { ownOptions } from './own-options.ts';

const options = (text: string): string[] => [...ownOptions({ file: 'Dockerfile', lines: text.split('\n') })];

test('comments above the first instruction say what is asked for', () => {
  expect(options('# syntax=docker/dockerfile:1\n\n#berth = Split-Packages, no-implicit-cache\nFROM x\n')).toEqual([
    'split-packages',
    'no-implicit-cache',
  ]);
});

test('comments further down do not, nor those that only begin alike', () => {
  expect(options('# berthed=a\nFROM x\n# berth=split-packages\n')).toEqual([]);
});
