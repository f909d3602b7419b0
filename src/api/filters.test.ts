import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import { parseFilters } from './filters.ts';

const keys = ['label', 'label!', 'name', 'status', 'until', 'dangling'];

test('both forms of the parameter mean the same', () => {
  for (const text of ['{"status":{"exited":true,"paused":true}}', '{"status":["exited","paused"]}'])
    expect(parseFilters(text, keys).values('status')).toEqual(['exited', 'paused']);
  for (const text of [null, undefined, '', '{}', 'null']) expect(parseFilters(text, keys).has('status')).toBe(false);
  expect(parseFilters('{"status":{"exited":false}}', keys).has('status')).toBe(false);
});

test('an unknown key, a wrong shape and broken JSON are refused', () => {
  expect(() => parseFilters('{"x":["1"]}', keys)).toThrow("invalid filter 'x'");
  for (const text of ['{', '[]', '"x"', '{"name":"x"}', '{"name":[1]}', '{"name":null}'])
    expect(() => parseFilters(text, keys)).toThrow(InvalidArgumentError);
});

test('values of a key are alternatives, labels must all hold', () => {
  const filters = parseFilters('{"name":["we","db"],"label":["a","b=1"],"label!":["c"]}', keys);
  expect(filters.matches('name', 'web')).toBe(true);
  expect(filters.matches('name', 'cache')).toBe(false);
  expect(filters.matches('status', 'anything')).toBe(true);
  expect(filters.labels({ a: '', b: '1' })).toBe(true);
  expect(filters.labels({ a: '', b: '2' })).toBe(false);
  expect(filters.labels({ a: '', b: '1', c: 'x' })).toBe(false);
});

test('names match as regular expression, and one that is none as text', () => {
  expect(parseFilters('{"name":["^web-\\\\d+$"]}', keys).matches('name', 'web-12')).toBe(true);
  expect(parseFilters('{"name":["^web-\\\\d+$"]}', keys).matches('name', 'web-x')).toBe(false);
  expect(parseFilters('{"name":["a("]}', keys).matches('name', 'xa(y')).toBe(true);
});

test('flags and times are checked', () => {
  expect(parseFilters('{"dangling":["1"]}', keys).flag('dangling')).toBe(true);
  expect(parseFilters('{"dangling":["False"]}', keys).flag('dangling')).toBe(false);
  expect(parseFilters('{}', keys).flag('dangling')).toBeUndefined();
  expect(() => parseFilters('{"dangling":["zz"]}', keys).flag('dangling')).toThrow("invalid filter 'dangling=zz'");
  expect(parseFilters('{"until":["10.5"]}', keys).time('until')).toBe(10_500_000_000n);
  expect(() => parseFilters('{"until":["soon"]}', keys).time('until')).toThrow("invalid filter 'until=soon'");
});
