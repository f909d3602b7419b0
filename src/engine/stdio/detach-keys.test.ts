import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import { createDetachFilter, DEFAULT_DETACH_KEYS, parseDetachKeys } from './detach-keys.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test('sequences are read as Docker writes them', () => {
  expect(parseDetachKeys('')).toEqual(DEFAULT_DETACH_KEYS);
  expect(parseDetachKeys('ctrl-p,ctrl-q')).toEqual([16, 17]);
  expect(parseDetachKeys('a,ctrl-\\,ctrl-@')).toEqual([97, 28, 0]);
  expect(() => parseDetachKeys('ctrl-')).toThrow(InvalidArgumentError);
  expect(() => parseDetachKeys('ab')).toThrow(InvalidArgumentError);
});

test('the sequence detaches also when its keys come one by one', () => {
  const filter = createDetachFilter(DEFAULT_DETACH_KEYS);
  expect(filter.push(bytes(65, 16))).toEqual({ pass: bytes(65), detached: false });
  expect(filter.push(bytes(17, 66))).toEqual({ pass: bytes(), detached: true });
});

test('a beginning that turns out to be none is passed on', () => {
  const filter = createDetachFilter(DEFAULT_DETACH_KEYS);
  filter.push(bytes(16));
  expect(filter.push(bytes(65))).toEqual({ pass: bytes(16, 65), detached: false });
  expect(filter.push(bytes(16, 16, 17))).toEqual({ pass: bytes(16), detached: true });
});
