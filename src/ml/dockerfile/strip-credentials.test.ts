import { expect, test } from 'vitest';
import { stripCredentials, variablesInAddresses } from './strip-credentials.ts';

test.each([
  ['--index-url https://me:s3cret@pkg.example.org/simple', '--index-url https://pkg.example.org/simple', { user: 'me', password: 's3cret' }],
  ['x @ git+https://ghp_abcdef@pkg.example.org/a/b.git@v1', 'x @ git+https://pkg.example.org/a/b.git@v1', { user: 'ghp_abcdef', password: '' }],
  ['url = "https://__token__:a%2Fb@pkg.example.org:8443/x"', 'url = "https://pkg.example.org:8443/x"', { user: '__token__', password: 'a/b' }],
])('%s', (text, expected, login) => {
  expect(stripCredentials(text)).toEqual({ text: expected, found: [{ host: 'pkg.example.org', ...login }] });
}); // prettier-ignore

test.each([
  'https://pkg.example.org/simple/',
  'git+ssh://git@github.com/a/b.git',
  'git+https://github.com/a/b.git@v1.0',
  'https://${USER}:${TOKEN}@pkg.example.org/simple',
  'see https://example.org/?mail=me@example.org',
  'a@b.org, https://x.org/a:b/@c',
])('nothing to take out of %s', (text) => {
  expect(stripCredentials(text)).toEqual({ text, found: [] });
});

test('variables in addresses', () => {
  expect(variablesInAddresses('-i https://${USER}:${TOKEN}@x.org/\n# ${OTHER}\nhttps://${USER}@y.org')).toEqual([
    'USER',
    'TOKEN',
  ]);
});
