import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eraseCredentials, findCredentials, storeCredentials } from './auth-config.ts';

let folder = '';
const path = process.env['PATH'];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auth-'));
});
afterEach(async () => {
  process.env['PATH'] = path;
  await rm(folder, { recursive: true });
});

const write = async (config: object): Promise<void> => writeFile(join(folder, 'config.json'), JSON.stringify(config));
const find = async (domain: string, env: NodeJS.ProcessEnv = {}): ReturnType<typeof findCredentials> =>
  findCredentials(domain, { folder, env });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('without a file there are none', async () => {
  expect(await find('docker.io')).toBeUndefined();
});

test('keys may be hosts or URLs, and Docker Hub has several names', async () => {
  await write({
    auths: {
      'https://index.docker.io/v1/': { auth: base64('a:b:c') },
      'https://r.example/v2/': { auth: base64('u:p') },
      'empty.example': {},
    },
  });
  expect(await find('docker.io')).toMatchObject({
    username: 'a',
    password: 'b:c',
    serverAddress: 'https://index.docker.io/v1/',
  });
  expect(await find('r.example')).toMatchObject({ username: 'u', password: 'p', serverAddress: 'r.example' });
  expect(await find('empty.example')).toBeUndefined();
  expect(await find('r.example:5000')).toBeUndefined();
});

test('an identity token is sent alone', async () => {
  await write({ auths: { 'r.example': { auth: base64('u:'), identitytoken: 't' } } });
  expect(await find('r.example')).toEqual({ identityToken: 't', serverAddress: 'r.example' });
});

test('DOCKER_AUTH_CONFIG comes first', async () => {
  await write({ auths: { 'r.example': { auth: base64('file:p') } } });
  const DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { 'r.example': { auth: base64('env:p') } } });
  expect(await find('r.example', { DOCKER_AUTH_CONFIG })).toMatchObject({ username: 'env' });
  expect(await find('r.example')).toMatchObject({ username: 'file' });
});

test('credentials are stored for the user alone, and other settings stay', async () => {
  await write({ HttpHeaders: { a: 'b' }, auths: { 'https://r.example': { auth: base64('old:p') } } });
  expect(await storeCredentials('r.example', { username: 'u', password: 'p' }, { folder })).toEqual({
    helper: undefined,
  });
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as object;
  expect(config).toEqual({ HttpHeaders: { a: 'b' }, auths: { 'r.example': { auth: base64('u:p') } } });
  expect((await stat(join(folder, 'config.json'))).mode & 0o777).toBe(0o600);
  expect(await eraseCredentials('r.example', { folder })).toBe(true);
  expect(await eraseCredentials('r.example', { folder })).toBe(false);
  await storeCredentials('r.example', { username: 'u', password: 'p' }, { env: { DOCKER_CONFIG: folder } });
  expect(await eraseCredentials('r.example', { env: { DOCKER_CONFIG: folder } })).toBe(true);
  expect(await find('r.example')).toBeUndefined();
});

test('a helper keeps them where one is configured', async () => {
  const script = [
    '#!/bin/sh',
    `store=${folder}/kept`,
    'case $1 in',
    'get) read -r server; [ -e "$store" ] && cat "$store" || { echo "credentials not found in native keychain"; exit 1; };;',
    'store) cat >"$store";;',
    'erase) rm -f "$store";;',
    'esac',
  ];
  await writeFile(join(folder, 'docker-credential-test'), `${script.join('\n')}\n`);
  await chmod(join(folder, 'docker-credential-test'), 0o755);
  process.env['PATH'] = `${folder}:${path ?? ''}`;
  await write({ credHelpers: { 'r.example': 'test' } });
  expect(await find('r.example')).toBeUndefined();
  expect(await storeCredentials('r.example', { username: 'u', password: 'p' }, { folder })).toEqual({ helper: 'test' });
  expect(await find('r.example')).toMatchObject({ username: 'u', password: 'p' });
  await storeCredentials('r.example', { username: 'u', identityToken: 'tok' }, { folder });
  expect(await find('r.example')).toMatchObject({ identityToken: 'tok' });
  expect(await readFile(join(folder, 'config.json'), 'utf8')).not.toContain('tok');
  expect(await eraseCredentials('r.example', { folder })).toBe(true);
  expect(await find('r.example')).toBeUndefined();
});

test('a helper that is not installed is said', async () => {
  await write({ credsStore: 'nowhere-to-be-found' });
  await expect(find('r.example')).rejects.toThrow('docker-credential-nowhere-to-be-found is not installed');
});

test('a broken file is said without its content', async () => {
  await writeFile(join(folder, 'config.json'), '{"auths": secret');
  await expect(find('r.example')).rejects.toThrow(/config\.json is not valid JSON$/);
});
