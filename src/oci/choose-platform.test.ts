import { expect, test } from 'vitest';
import choices from './cases/platform-choice.json' with { type: 'json' };
import { choosePlatforms } from './choose-platform.ts';
import { formatPlatform, type Platform } from './platform.ts';

test.each(choices.cases)('for $wanted, as the reference chooses', ({ wanted, of, usable_best_first: expected }) => {
  const found = choosePlatforms(split(wanted), of.map(split));
  expect(found.map(formatPlatform)).toEqual(expected);
});

test('a variant that is usual may be written or not', () => {
  expect(choosePlatforms(split('linux/arm64/v8'), [split('linux/arm64')])).toHaveLength(1);
  expect(choosePlatforms(split('linux/arm64'), [split('linux/arm64/v8')])).toHaveLength(1);
  expect(choosePlatforms(split('linux/arm'), [split('linux/arm/v7')])).toHaveLength(1);
});

function split(text: string): Platform {
  const [os = '', architecture = '', variant] = text.split('/');
  return { os, architecture, ...(variant !== undefined && { variant }) };
}
