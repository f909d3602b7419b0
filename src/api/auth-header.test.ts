import { expect, test } from 'vitest';
import { formatAuthHeader, formatRegistryConfig, parseAuthHeader, parseRegistryConfig } from './auth-header.ts';

const encode = (document: unknown): string => Buffer.from(JSON.stringify(document)).toString('base64url');

test('every form of credentials is read', () => {
  expect(parseAuthHeader(encode({ username: 'u', password: 'p', serveraddress: 'r.example.com' }))).toEqual({
    username: 'u',
    password: 'p',
    serverAddress: 'r.example.com',
  });
  expect(parseAuthHeader(encode({ identitytoken: 't', serveraddress: 'r' }))).toEqual({
    identityToken: 't',
    serverAddress: 'r',
  });
  expect(parseAuthHeader(encode({ registrytoken: 't' }))).toEqual({ registryToken: 't' });
  expect(parseAuthHeader(encode({ auth: Buffer.from('u:p:q').toString('base64') }))).toEqual({
    username: 'u',
    password: 'p:q',
  });
  expect(parseAuthHeader(encode({ Username: 'ü', Password: 'p?>' }))).toEqual({ username: 'ü', password: 'p?>' });
});

test('both alphabets and missing padding are taken', () => {
  const document = { username: 'ab', password: '>>>???~~~' };
  const standard = Buffer.from(JSON.stringify(document)).toString('base64');
  for (const text of [standard, standard.replace(/=+$/, ''), encode(document)])
    expect(parseAuthHeader(text)).toEqual(document);
});

test('nothing, null and rubbish are anonymous', () => {
  for (const text of [undefined, '', 'bnVsbA==', encode({}), '***', encode('x'), encode([1])])
    expect(parseAuthHeader(text)).toEqual({});
});

test('what is written is read back', () => {
  const auth = { username: 'u', password: 'pässword', serverAddress: 'r' };
  expect(parseAuthHeader(formatAuthHeader(auth))).toEqual(auth);
  const config = { 'https://index.docker.io/v1/': auth, 'r.example.com': { identityToken: 't' } };
  expect(parseRegistryConfig(formatRegistryConfig(config))).toEqual(config);
  expect(parseRegistryConfig(undefined)).toEqual({});
});
