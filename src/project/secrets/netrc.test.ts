import { expect, test } from 'vitest';
import { formatNetrc, parseNetrc } from './netrc.ts';

test('machines of a netrc, whatever its layout', () => {
  const text = `# comment
machine a.org login me password s3cret
machine b.org
  login "you"
  password "p w"
macdef init
  cd /x
  machine evil login x password y

default login anonymous password x
machine c.org login only-a-user
machine d.org password p account z login u`;
  expect(parseNetrc(text).map(({ host, user }) => [host, user])).toEqual([
    ['a.org', 'me'],
    ['b.org', 'you'],
    ['d.org', 'u'],
  ]);
});

test('what is written is read again, and what is secret has lines of its own', () => {
  const logins = [
    { host: 'b.org', user: 'me', password: 's3cret-of-b' },
    { host: 'a.org', user: '', password: 'token-of-a' },
    { host: 'b.org', user: 'other', password: 'not this' },
  ];
  const text = formatNetrc([...logins, { host: 'c.org', user: 'token-as-user', password: '' }]);
  expect(parseNetrc(text)).toEqual([
    { host: 'a.org', user: 'token', password: 'token-of-a' },
    { host: 'b.org', user: 'me', password: 's3cret-of-b' },
  ]);
  for (const secret of ['s3cret-of-b', 'token-of-a', 'token-as-user']) expect(text.split('\n')).toContain(secret);
  expect(text.split('\n')).not.toContain('password');
});
