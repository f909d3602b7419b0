import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { decodeText } from './decode-text.ts';
import { listFolder } from './list-folder.ts';
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

test.each([
  [Buffer.from('# -*- coding: latin-1 -*-\nx = "\xe4"', 'latin1'), '# -*- coding: latin-1 -*-\nx = "ä"'],
  [Buffer.from('#!/usr/bin/python\n# coding=cp1252\n"\x80"', 'latin1'), '#!/usr/bin/python\n# coding=cp1252\n"€"'],
  [Buffer.from('# coding: no-such-thing\nx'), '# coding: no-such-thing\nx'],
  [Buffer.from('flask\n', 'utf16le'), 'flask\n'],
  [Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1]), undefined],
  [Buffer.from('a\xffb', 'latin1'), 'a\uFFFDb'],
  [Buffer.alloc(0), ''],
])('text of %j', (bytes, expected) => {
  expect(decodeText(bytes)).toBe(expected);
});

test('folders of very many files without code are counted and not looked through', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tree-'));
  await mkdir(join(folder.path, 'images'));
  for (let index = 0; index < 1200; index++) await writeFile(join(folder.path, 'images', `${index}.jpg`), '');
  await writeFile(join(folder.path, 'app.py'), '');
  const { files, passedOver, complete } = listFolder(folder.path);
  expect(passedOver).toEqual([{ folder: 'images', files: 1200 }]);
  expect([files.length, files[0]?.path, complete]).toEqual([201, 'app.py', true]);
});
