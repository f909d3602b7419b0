import { expect, test } from 'vitest';
import type { NamedContext } from './context-source.ts';
import { findNamedContext } from './find-named-context.ts';
import { addressedContext, namedContext } from './named-context.ts';

const amd: NamedContext = { kind: 'reference', name: 'for-amd64' };
const all: NamedContext = { kind: 'reference', name: 'for-all' };
const host = { os: 'linux', architecture: 'amd64' };
const other = { os: 'linux', architecture: 's390x' };

test.each([
  ['alpine', 'alpine'],
  ['alpine', 'docker.io/library/alpine:latest'],
  ['docker.io/library/alpine', 'alpine:latest'],
  ['Build', 'build'],
  ['ghcr.io/a/b:1', 'ghcr.io/a/b:1'],
])('what is called %s stands for %s', (written, name) => {
  expect(findNamedContext({ namedContexts: new Map([[written, all]]) }, name, host)).toBe(all);
});

test('one for the platform comes before one for all', () => {
  const namedContexts = new Map([
    ['base', all],
    ['base::linux/amd64', amd],
  ]);
  expect(findNamedContext({ namedContexts }, 'base', host)).toBe(amd);
  expect(findNamedContext({ namedContexts }, 'base', other)).toBe(all);
  expect(findNamedContext({ namedContexts }, 'base:2', host)).toBeUndefined();
});

test('what stands behind the name', () => {
  expect(namedContext('docker-image://alpine:3')).toEqual({ kind: 'reference', name: 'alpine:3' });
  expect(namedContext('https://h/x.git#v1')).toMatchObject({ kind: 'files', source: { title: 'https://h/x.git#v1' } });
  expect(namedContext('git@h:x.git')).toMatchObject({ kind: 'files' });
  expect(addressedContext('https://user:secret@h/x.tar?token=a').title).toBe('https://h/x.tar');
  expect(() => namedContext('docker-image://')).toThrow('names no image');
  expect(() => namedContext('oci-layout:///x')).toThrow('is not supported here');
  expect(() => addressedContext('nothing')).toThrow('is no address of a build context');
});
