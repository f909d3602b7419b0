import { chmod, mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { compileIgnore } from '#dockerfile/ignore.ts';
import { type ContextOptions, packContext } from './pack-context.ts';

async function listed(root: string, options: ContextOptions = {}): Promise<string[]> {
  const chunks = await Array.fromAsync(packContext(root, options));
  const { stdout } = await run(['tar', '--list', '--verbose', '--numeric-owner'], { input: Buffer.concat(chunks) });
  return stdout.trimEnd().split('\n').map((line) => line.replace(/\s+\d+ \d{4}-\d\d-\d\d \d\d:\d\d/, '')); // prettier-ignore
}

test('a folder becomes an archive: sorted, of root, with modes and links', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'context-'));
  await mkdir(join(folder.path, 'b'));
  await writeFile(join(folder.path, 'b', 'long'.repeat(60)), 'x'.repeat(1000));
  await writeFile(join(folder.path, 'a.sh'), '#!/bin/sh\n');
  await chmod(join(folder.path, 'a.sh'), 0o755);
  await chmod(join(folder.path, 'b'), 0o750);
  await symlink('../outside', join(folder.path, 'link'));
  expect(await listed(folder.path)).toEqual([
    '-rwxr-xr-x 0/0 a.sh',
    'drwxr-x--- 0/0 b/',
    `-rw-r--r-- 0/0 b/${'long'.repeat(60)}`,
    'lrwxrwxrwx 0/0 link -> ../outside',
  ]);
});

test('what is ignored stays out, exceptions below an ignored folder come in, extra files replace those of the folder', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'context-'));
  await mkdir(join(folder.path, 'data', 'raw'), { recursive: true });
  for (const name of ['Dockerfile', 'data/raw/big.csv', 'data/raw/keep.csv', 'app.py', 'app.pyc'])
    await writeFile(join(folder.path, name), name);
  const filter = compileIgnore(['data', '*.pyc', '!data/raw/keep.csv']);
  expect(await listed(folder.path, { filter, extra: new Map([['Dockerfile', 'FROM x']]) })).toEqual([
    '-rw-r--r-- 0/0 Dockerfile',
    '-rw-r--r-- 0/0 app.py',
    '-rw-r--r-- 0/0 data/raw/keep.csv',
  ]);
});
