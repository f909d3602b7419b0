import { existsSync } from 'node:fs';
import { mkdir, mkdtempDisposable, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type TarHeader, tarHeader } from '#lib/tar/header.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { packPath } from './pack-path.ts';
import { unpackArchive } from './unpack-archive.ts';

type Entry = Partial<TarHeader> & Pick<TarHeader, 'name' | 'kind'> & { text?: string };

async function* archive(...entries: Entry[]): AsyncGenerator<Uint8Array> {
  for (const { text = '', ...fields } of entries) {
    yield tarEntry(tarHeader({ ...fields, size: text.length }));
    yield Buffer.from(text);
    yield tarPadding(text.length);
  }
  yield TAR_END;
}

test('what is packed comes out the same', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cp-'));
  const from = join(folder.path, 'from');
  await mkdir(join(from, 'below'), { recursive: true });
  await writeFile(join(from, 'below/file'), 'content', { mode: 0o640 });
  await utimes(join(from, 'below/file'), 1000, 1000);
  await symlink('below/file', join(from, 'link'));
  const to = join(folder.path, 'to');
  await mkdir(to);
  await unpackArchive(packPath(from, { name: 'copy', contentOnly: false, follow: false }), { folder: to });
  expect(await readFile(join(to, 'copy/below/file'), 'utf8')).toBe('content');
  expect(await readlink(join(to, 'copy/link'))).toBe('below/file');
  expect(await stat(join(to, 'copy/below/file'))).toMatchObject({ mode: 0o100640, mtimeMs: 1_000_000 });
});

test('the content of a folder, and a file under another name', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cp-'));
  await unpackArchive(archive({ name: 'etc/', kind: 'directory' }, { name: 'etc/a', kind: 'file', text: 'a' }), {
    folder: folder.path,
    rename: { from: 'etc', to: '.' },
  });
  expect(await readFile(join(folder.path, 'a'), 'utf8')).toBe('a');
  await unpackArchive(archive({ name: 'a', kind: 'file', text: 'new' }), {
    folder: folder.path,
    rename: { from: 'a', to: 'b' },
  });
  expect(await readFile(join(folder.path, 'b'), 'utf8')).toBe('new');
});

test.each([
  ['a path that climbs', [{ name: '../../escaped', kind: 'file', text: 'x' }]],
  ['an absolute path', [{ name: '/escaped', kind: 'file', text: 'x' }]],
  [
    'a link to the outside',
    [
      { name: 'link', kind: 'symlink', linkName: '..' },
      { name: 'link/escaped', kind: 'file', text: 'x' },
    ],
  ],
  ['a hard link to the outside', [{ name: 'escaped', kind: 'link', linkName: '../secret' }]],
] as const)('%s writes nothing outside of the folder', async (_, entries) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cp-'));
  const inside = join(folder.path, 'inside');
  await mkdir(inside);
  await writeFile(join(folder.path, 'secret'), 'kept');
  await unpackArchive(archive(...entries), { folder: inside }).catch(() => {});
  expect(existsSync(join(folder.path, 'escaped'))).toBe(false);
  expect(existsSync('/escaped')).toBe(false);
  expect((await stat(join(folder.path, 'secret'))).nlink).toBe(1);
});

test('a file takes the place of a link instead of being written through it', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cp-'));
  const inside = join(folder.path, 'inside');
  await mkdir(inside);
  await writeFile(join(folder.path, 'secret'), 'kept');
  await symlink('../secret', join(inside, 'file'));
  await unpackArchive(archive({ name: 'file', kind: 'file', text: 'new' }), { folder: inside });
  expect(await readFile(join(folder.path, 'secret'), 'utf8')).toBe('kept');
  expect(await readFile(join(inside, 'file'), 'utf8')).toBe('new');
});
