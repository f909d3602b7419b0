import { expect, test } from 'vitest';
import type { Route } from './route.ts';
import { createRouter, splitVersion } from './router.ts';

const handler = async (): Promise<void> => {};
const other = async (): Promise<void> => {};

function paramsOf(paths: readonly string[], path: string): { pattern: string; params: object } | undefined {
  const handlers = new Map(paths.map((pattern) => [pattern, async () => {}] as const));
  const router = createRouter([...handlers].map(([pattern, own]): Route => ['GET', pattern, own]));
  const match = router.match('GET', path);
  if (match === undefined) return undefined;
  const pattern = [...handlers].find(([, own]) => own === match.handler)?.[0] ?? '';
  return { pattern, params: match.params };
}

test('literal segments win over parameters, whatever the order of the table', () => {
  const table = [
    '/images/:name*',
    '/images/:name*/json',
    '/images/:name*/get',
    '/images/get',
    '/images/json',
    '/images/search',
  ];
  expect(paramsOf(table, '/images/get')).toEqual({ pattern: '/images/get', params: {} });
  expect(paramsOf(table, '/images/json')).toEqual({ pattern: '/images/json', params: {} });
  expect(paramsOf(table, '/images/x/json')).toEqual({ pattern: '/images/:name*/json', params: { name: 'x' } });
  expect(paramsOf(table, '/images/host:5000/a/b:tag/json')).toEqual({
    pattern: '/images/:name*/json',
    params: { name: 'host:5000/a/b:tag' },
  });
  expect(paramsOf(table, '/images/a/b')).toEqual({ pattern: '/images/:name*', params: { name: 'a/b' } });
});

test('one segment does not take a slash, and parts are unescaped once', () => {
  expect(paramsOf(['/containers/:name/json'], '/containers/a/b/json')).toBeUndefined();
  expect(paramsOf(['/containers/:name/json'], '/containers/a%252Fb/json')?.params).toEqual({ name: 'a%2Fb' });
  expect(() => paramsOf(['/containers/:name/json'], '/containers/%zz/json')).toThrow('invalid URL escape');
});

test('the first of two equal patterns counts, and methods are apart', () => {
  const router = createRouter([
    ['GET', '/containers/:id/json', handler],
    ['GET', '/containers/:name/json', other],
    ['POST', '/containers/:name/json', other],
  ]);
  expect(router.match('GET', '/containers/x/json')).toMatchObject({ handler, params: { id: 'x' } });
  expect(router.match('POST', '/containers/x/json')?.handler).toBe(other);
  expect(router.match('DELETE', '/containers/x/json')).toBeUndefined();
});

test('the version prefix is split off', () => {
  expect(splitVersion('/v1.41/info')).toEqual({ version: '1.41', path: '/info' });
  expect(splitVersion('/info')).toEqual({ version: undefined, path: '/info' });
  expect(splitVersion('/volumes/x')).toEqual({ version: undefined, path: '/volumes/x' });
});
