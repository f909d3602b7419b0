import { mkdtempDisposable, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseMountFlag } from '#dockerfile/mount-flag.ts';
import { InternalError } from '#lib/errors.ts';
import type { SecretSource } from '../../sources/client-sources.ts';
import { openSecret, planSecret, type SecretMount, secretInput } from './secret-mount.ts';

const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];

function plan(options: string): SecretMount {
  return planSecret(parseMountFlag(`type=secret,${options}`), (path) =>
    path.startsWith('/') ? path : `/work/${path}`,
  );
}

test.each([
  ['id=a', { id: 'a', destination: '/run/secrets/a', variable: undefined, mode: 0o400 }],
  ['id=a/b', { id: 'a/b', destination: '/run/secrets/b' }],
  ['target=/etc/key', { id: 'key', destination: '/etc/key' }],
  ['id=a,target=key', { id: 'a', destination: '/work/key' }],
  ['id=a,source=b', { id: 'b', destination: '/run/secrets/b' }],
  ['id=a,env=A', { id: 'a', destination: undefined, variable: 'A' }],
  ['id=a,env=A,target=/a', { id: 'a', destination: '/a', variable: 'A' }],
  ['id=a,mode=0440,uid=1,gid=2,required', { mode: 0o440, uid: 1, gid: 2, isRequired: true }],
])('%s', (options, expected) => {
  expect(plan(options)).toMatchObject(expected);
});

test('a secret without a name is refused', () => {
  expect(() => plan('mode=0400')).toThrow('one of source, target required');
});

const source = (value: string | Buffer | undefined): SecretSource => ({
  get: async () => (value === undefined ? undefined : Buffer.from(value)),
});

test('its file has the value, the mode and the owner; its variable too', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'secret-'));
  const opened = await openSecret(
    source('s3cret'),
    plan(`id=a,env=A,target=/a,mode=0440,uid=${uid},gid=${gid}`),
    async () => folder.path,
  );
  const [mount] = opened?.mounts ?? [];
  expect(mount).toMatchObject({ destination: '/a', options: ['ro', 'nosuid', 'nodev', 'noexec'] });
  expect(await readFile(mount?.source ?? '', 'utf8')).toBe('s3cret');
  expect((await stat(mount?.source ?? '')).mode & 0o7777).toBe(0o440);
  expect(opened?.env).toEqual(['A=s3cret']);
});

test('the key of a step has everything but the value', () => {
  expect(secretInput(plan('id=a,env=A'))).toEqual({ name: 'secret a', value: ['', 'A', 0o400, 0, 0] });
});

const never = (): Promise<string> => Promise.reject(new InternalError('no folder is needed'));

test('one that is not there is left out, or missed', async () => {
  expect(await openSecret(source(undefined), plan('id=a'), never)).toBeUndefined();
  await expect(openSecret(source(undefined), plan('id=a,required'), never)).rejects.toMatchObject({
    message: 'secret a: not found',
    hint: expect.stringContaining('--secret id=a,src=<file>') as string,
  });
});

test('one that is too large, or cannot be a variable, is refused', async () => {
  await expect(openSecret(source(Buffer.alloc(600_000)), plan('id=a'), never)).rejects.toThrow('too large');
  await expect(openSecret(source('a\0b'), plan('id=a,env=A'), never)).rejects.toThrow('zero byte');
});
