import { expect, test } from 'vitest';
import { parseDetachKeys, watchDetachKeys } from './detach-keys.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test('key sequences are read in the words of Docker', () => {
  expect(parseDetachKeys()).toEqual([16, 17]);
  expect(parseDetachKeys('ctrl-c,a,ctrl-[')).toEqual([3, 97, 27]);
  expect(() => parseDetachKeys('ctrl-,x')).toThrow(/detach-keys/);
});

test('the sequence is found across pieces, and is not handed on', () => {
  const watch = watchDetachKeys([16, 17]);
  expect(watch(bytes(97, 16))).toEqual({ forward: bytes(97), found: false });
  expect(watch(bytes(17))).toEqual({ forward: bytes(), found: true });
});

test('what only begins like the sequence is handed on in full', () => {
  const watch = watchDetachKeys([16, 17]);
  expect(watch(bytes(16)).forward).toEqual(bytes());
  expect(watch(bytes(98))).toEqual({ forward: bytes(16, 98), found: false });
  expect(watch(bytes(16, 16)).forward).toEqual(bytes(16));
  expect(watch(bytes(17)).found).toBe(true);
});
