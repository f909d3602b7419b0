import { mkdir, mkdtempDisposable, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type TarHeader, tarHeader } from '#lib/tar/header.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { openTestFiles } from './test-files.ts';

type Entry = Partial<TarHeader> & Pick<TarHeader, 'name' | 'kind'> & { text?: string };

function tarOf(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(({ text = '', ...fields }) => {
    const content = Buffer.from(text);
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const header = tarHeader({ ...owner, ...fields, size: fields.kind === 'file' ? content.length : 0 });
    return [tarEntry(header), content, tarPadding(content.length)];
  });
  return Buffer.concat([...parts, TAR_END]);
}

const file = (name: string, text = ''): Entry => ({ name, kind: 'file', text });

async function open(folder: string, body: Buffer, dockerfile = 'Dockerfile'): ReturnType<typeof openTestFiles> {
  async function* source(): AsyncGenerator<Uint8Array> {
    yield body;
  }
  return openTestFiles(folder, source(), { dockerfile });
}

async function place(): Promise<Awaited<ReturnType<typeof mkdtempDisposable>>> {
  return mkdtempDisposable(join(tmpdir(), 'build-context-'));
}

describe('a context is unpacked', () => {
  test('without what .dockerignore excludes, and with the Dockerfile read before that', async () => {
    await using folder = await place();
    const ignore = file('.dockerignore', 'Dockerfile\n*.log\nsub\n!sub/kept\n');
    const body = tarOf([
      ignore,
      file('Dockerfile', 'FROM x\n'),
      file('a.log'),
      file('b'),
      file('sub/kept'),
      file('sub/gone'),
    ]);
    await using context = await open(folder.path, body);
    expect(context.dockerfile).toEqual({ name: 'Dockerfile', text: 'FROM x\n' });
    const { root } = context.tree;
    expect(root.readdir('')).toEqual(['.dockerignore', 'b', 'sub']);
    expect(root.readdir('sub')).toEqual(['kept']);
  });

  test('with the ignore file of its own Dockerfile before the common one', async () => {
    await using folder = await place();
    const body = tarOf([
      file('.dockerignore', 'a\n'),
      file('sub/Other', 'FROM x\n'),
      file('sub/Other.dockerignore', 'b\n'),
      file('a'),
      file('b'),
    ]);
    await using context = await open(folder.path, gzipSync(body), './sub/Other');
    expect(context.tree.root.readdir('')).toEqual(['.dockerignore', 'a', 'sub']);
  });

  test('and is gone when it is let go', async () => {
    await using folder = await place();
    const context = await open(folder.path, tarOf([file('Dockerfile', 'FROM x\n')]));
    expect(await readdir(folder.path)).toHaveLength(1);
    await context[Symbol.asyncDispose]();
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe('a hostile context is refused, writes nothing outside and leaves nothing', () => {
  const dockerfile = file('Dockerfile', 'FROM x\n');
  test.each([
    ['a name that climbs out', [dockerfile, file('../outside/evil', 'evil')]],
    [
      'a link that leads out, written through',
      [{ name: 'a', kind: 'symlink', linkName: '../../../outside' }, file('a/evil', 'evil')],
    ],
    ['a hard link to a file outside', [{ name: 'a', kind: 'link', linkName: '../outside/file' }, dockerfile]],
    ['no Dockerfile', [file('a')]],
    [
      'a Dockerfile that is a link to a file outside',
      [{ name: 'Dockerfile', kind: 'symlink', linkName: '../../../outside/file' }],
    ],
    ['a Dockerfile that is a folder', [{ name: 'Dockerfile', kind: 'directory' }]],
  ] as const satisfies readonly [string, readonly Entry[]][])('%s', async (_, entries) => {
    await using folder = await place();
    const inside = join(folder.path, 'inside');
    const outside = join(folder.path, 'outside');
    await Promise.all([mkdir(inside), mkdir(outside)]);
    await expect(open(inside, tarOf(entries))).rejects.toThrow();
    expect(await readdir(outside)).toEqual([]);
    expect(await readdir(inside)).toEqual([]);
  });

  test('what is no tar', async () => {
    await using folder = await place();
    await expect(open(folder.path, Buffer.from('hello'.repeat(300)))).rejects.toThrow();
    expect(await readdir(folder.path)).toEqual([]);
  });
});

test('the text of a Dockerfile keeps its bytes', async () => {
  await using folder = await place();
  await using context = await open(folder.path, tarOf([file('Dockerfile', '# ä\r\nFROM x\r\n')]));
  expect(context.dockerfile.text).toBe('# ä\r\nFROM x\r\n');
  const path = join(context.tree.root.path, 'Dockerfile');
  expect(await readFile(path, 'utf8')).toBe('# ä\r\nFROM x\r\n');
});
