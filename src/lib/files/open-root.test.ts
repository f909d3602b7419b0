import { closeSync, constants, existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtempDisposable, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { decodeName, encodeName } from './name.ts';
import { openRoot } from './open-root.ts';

async function tree(): Promise<AsyncDisposable & { inside: string; outside: string }> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'root-'));
  const [inside, outside] = [join(folder.path, 'inside'), join(folder.path, 'outside')];
  await Promise.all([mkdir(join(inside, 'usr/lib'), { recursive: true }), mkdir(outside)]);
  await writeFile(join(outside, 'secret'), 'secret');
  await symlink('usr/lib', join(inside, 'lib'));
  await symlink('../../outside', join(inside, 'climb'));
  await symlink(outside, join(inside, 'absolute'));
  await symlink('loop', join(inside, 'loop'));
  return { inside, outside, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

test('symbolic links in folders lead on inside the root', async () => {
  await using folders = await tree();
  using root = openRoot(folders.inside);
  closeSync(root.openFile('lib/x', create));
  expect(await readdir(join(folders.inside, 'usr/lib'))).toEqual(['x']);
  expect(root.resolveInRoot('/lib/x')).toBe('/usr/lib/x');
  expect(root.resolveInRoot('lib', { follow: true })).toBe('/usr/lib');
  expect(root.resolveInRoot('lib')).toBe('/lib');
});

test('no link and no dots lead outside', async () => {
  await using folders = await tree();
  using root = openRoot(folders.inside);
  for (const path of ['climb/secret', 'absolute/secret', '../outside/secret', 'lib/../../../../outside/secret'])
    expect(root.stat(path), path).toBeUndefined();
  expect(root.resolveInRoot('../../../usr')).toBe('/usr');
  expect(() => root.locate('loop/x')).toThrow(InvalidArgumentError);
  expect(() => root.locate('nothing/x')).toThrow(NotFoundError);
  root.remove('climb');
  root.remove('absolute');
  expect(existsSync(join(folders.outside, 'secret'))).toBe(true);
});

test('the last name is never followed by what writes', async () => {
  await using folders = await tree();
  using root = openRoot(folders.inside);
  expect(() => root.openFile('absolute', constants.O_WRONLY)).toThrow();
  expect(() => root.chmod('absolute', 0o777)).toThrow();
  root.chown('absolute', 1, 1);
  expect(root.lstat('absolute')?.uid).toBe(1);
});

test('links can be refused', async () => {
  await using folders = await tree();
  using root = openRoot(folders.inside, { links: 'refuse' });
  expect(() => root.openFile('lib/x', create)).toThrow('symbolic link');
});

test('a folder that turns into a link between two calls is not followed outside', async () => {
  await using folders = await tree();
  using root = openRoot(folders.inside, { live: true });
  root.mkdirs('a/b');
  closeSync(root.openFile('a/b/one', create));
  root.remove('a/b');
  root.symlink(folders.outside, 'a/b');
  expect(() => root.openFile('a/b/two', create)).toThrow();
  expect(await readdir(folders.outside)).toEqual(['secret']);
});

test('files are linked, renamed and removed', async () => {
  await using folders = await tree();
  using root = openRoot(folders.inside);
  root.mkdirs('deep/er');
  closeSync(root.openFile('deep/er/one', create));
  root.link('deep/er/one', 'lib/two');
  expect(root.lstat('usr/lib/two')?.nlink).toBe(2);
  root.rename('deep', 'usr/deep');
  expect(root.readdir('usr/deep/er')).toEqual(['one']);
  expect(root.lstat('deep/er/one')).toBeUndefined();
  root.remove('usr');
  expect(root.readdir('/')).not.toContain('usr');
});

test('names that are no UTF-8 survive', async () => {
  await using folders = await tree();
  using root = openRoot(folders.inside);
  const name = decodeName(Buffer.from([0x61, 0xff, 0xc3, 0x62, 0xe2, 0x82, 0xac]));
  expect(encodeName(name)).toEqual(Buffer.from([0x61, 0xff, 0xc3, 0x62, 0xe2, 0x82, 0xac]));
  root.mkdirs(`${name}/x`);
  expect(root.readdir('/')).toContain(name);
  expect(root.readdir(name)).toEqual(['x']);
});

test('a path deeper than any honest one is refused', async () => {
  await using folders = await tree();
  using root = openRoot(folders.inside);
  expect(() => root.mkdirs('d/'.repeat(500))).toThrow('too deep');
});

test('descriptors are given back', async () => {
  await using folders = await tree();
  const before = (await readdir('/proc/self/fd')).length;
  {
    using root = openRoot(folders.inside);
    for (let index = 0; index < 600; index++) root.mkdirs(`many/${index}/x`);
    expect((await readdir('/proc/self/fd')).length).toBeLessThan(before + 300);
    expect(readFileSync(join(folders.outside, 'secret'), 'utf8')).toBe('secret');
  }
  expect((await readdir('/proc/self/fd')).length).toBe(before);
});
