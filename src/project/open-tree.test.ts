import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { openTree } from './open-tree.ts';

test('a folder is listed without what is no source, and links lead nowhere outside', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tree-'));
  const at = (...parts: string[]): string => join(folder.path, 'p', ...parts);
  await mkdir(at('src'), { recursive: true });
  await mkdir(at('.git'));
  await mkdir(at('my-env', 'bin'), { recursive: true });
  await writeFile(at('my-env', 'pyvenv.cfg'), '');
  await writeFile(at('my-env', 'bin', 'x.py'), '');
  await writeFile(at('.git', 'config'), '');
  await writeFile(at('src', 'app.py'), 'x = 1');
  await writeFile(join(folder.path, 'secret.py'), 'secret');
  await symlink('../secret.py', at('stolen.py'));
  await symlink('/etc', at('etc'));
  await symlink('src/app.py', at('same.py'));
  await symlink('loop', at('loop'));
  const tree = await openTree(at());
  expect(tree.files.map(({ path }) => path)).toEqual(['same.py', 'src/app.py']);
  expect(await tree.read('same.py')).toBe('x = 1');
  expect(await tree.read('stolen.py')).toBeUndefined();
  expect(await tree.read('../secret.py')).toBeUndefined();
  expect(tree.complete).toBe(true);
});

test('text comes without its mark, whichever encoding an editor chose', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tree-'));
  await writeFile(join(folder.path, 'a.txt'), '\uFEFFflask');
  await writeFile(
    join(folder.path, 'b.txt'),
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('flask', 'utf16le')]),
  );
  const tree = await openTree(folder.path);
  expect([await tree.read('a.txt'), await tree.read('b.txt')]).toEqual(['flask', 'flask']);
});

test('what is no folder is refused', async () => {
  await expect(openTree('/nowhere/at/all')).rejects.toThrow(NotFoundError);
  await expect(openTree('/etc/passwd')).rejects.toThrow(InvalidArgumentError);
});
