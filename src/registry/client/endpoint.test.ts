import { expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';
import { domainOfServer, endpointOf } from './endpoint.ts';

test.each([
  ['docker.io', 'registry-1.docker.io', false],
  ['index.docker.io', 'registry-1.docker.io', false],
  ['r.example:5000', 'r.example:5000', false],
  ['localhost:5000', 'localhost:5000', true],
  ['127.9.9.9', '127.9.9.9', true],
  ['[::1]:5000', '[::1]:5000', true],
  ['10.1.2.3:5000', '10.1.2.3:5000', true],
  ['10.2.2.3:5000', '10.2.2.3:5000', false],
  ['plain.example', 'plain.example', true],
  ['plain.example:5000', 'plain.example:5000', true],
  ['other.example:1', 'other.example:1', true],
  ['other.example:2', 'other.example:2', false],
])('%s is spoken to at %s, insecure: %s', (domain, host, insecure) => {
  const listed = ['10.1.0.0/16', 'plain.example', 'other.example:1'];
  expect(endpointOf(domain, listed)).toMatchObject({ host, insecure });
});

test.each([
  ['', 'docker.io'],
  ['https://index.docker.io/v1/', 'docker.io'],
  ['docker.io', 'docker.io'],
  ['https://R.example:5000/v2/', 'r.example:5000'],
  ['r.example', 'r.example'],
])('the login server %j is %s', (server, domain) => {
  expect(domainOfServer(server)).toBe(domain);
});

test('challenges are read from one header or several, with commas and escapes in quotes', () => {
  expect(parseChallenges('Bearer realm="https://a/t",service="a, \\"b\\"",scope="repository:x:pull,push"')).toEqual([
    { scheme: 'bearer', parameters: { realm: 'https://a/t', service: 'a, "b"', scope: 'repository:x:pull,push' } },
  ]);
  expect(parseChallenges('Negotiate, Basic realm="r" , Bearer realm=x')).toEqual([
    { scheme: 'basic', parameters: { realm: 'r' } },
    { scheme: 'bearer', parameters: { realm: 'x' } },
  ]);
  expect(parseChallenges(['Digest x="y"', 'basic'])).toEqual([{ scheme: 'basic', parameters: {} }]);
  expect(parseChallenges(undefined)).toEqual([]);
  expect(parseChallenges('=,,="')).toEqual([]);
});
