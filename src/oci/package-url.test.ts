import { expect, test } from 'vitest';
import { imagePackageUrl, packageUrl } from './package-url.ts';
import { parseReference } from './reference.ts';

test.each([
  ['alpine', 'pkg:docker/alpine@latest?platform=linux%2Famd64'],
  ['python:3.11-slim', 'pkg:docker/python@3.11-slim?platform=linux%2Famd64'],
  ['localhost:5000/team/app:1', 'pkg:docker/localhost:5000/team/app@1?platform=linux%2Famd64'],
  [`x@sha256:${'a'.repeat(64)}`, `pkg:docker/x?digest=sha256:${'a'.repeat(64)}&platform=linux%2Famd64`],
])('an image %s is %s', (name, url) => {
  expect(imagePackageUrl(parseReference(name), { os: 'linux', architecture: 'amd64' })).toBe(url);
});

test('what has a meaning of its own in a URL is escaped, in every part', () => {
  const name = {
    type: 'npm',
    namespace: '@scope',
    name: 'a b',
    version: '1.0+x',
    qualifiers: { b: '2', a: 'x&y', c: '' },
  };
  expect(packageUrl(name)).toBe('pkg:npm/%40scope/a%20b@1.0%2Bx?a=x%26y&b=2');
});
