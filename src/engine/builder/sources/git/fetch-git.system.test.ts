import { mkdtempDisposable, readdir, readFile, symlink, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseGitReference } from '#dockerfile/git-reference.ts';
import { createReport } from '../../progress/report.ts';
import { type Checkout, fetchGit, type GitAsk, resolveGit } from './fetch-git.ts';
import { openTestRepository, type TestRepository } from './test-repository.ts';

const vertex = createReport('test', () => {}).start({ name: 'fetch' });

async function fetch(
  repository: TestRepository,
  behind: string,
  more: Partial<GitAsk> = {},
): Promise<Checkout & AsyncDisposable> {
  const scratch = await mkdtempDisposable(join(tmpdir(), 'b-fetch-'));
  const reference = parseGitReference(`${repository.url}${behind}`);
  if (reference === undefined) throw new Error('no git reference');
  try {
    const checkout = await fetchGit(reference, {
      scratch: scratch.path,
      signal: new AbortController().signal,
      vertex,
      ...more,
    });
    return { ...checkout, [Symbol.asyncDispose]: () => scratch.remove() };
  } catch (error) {
    expect(await readdir(scratch.path)).toEqual([]);
    await scratch.remove();
    throw error;
  }
}

async function withHistory(): Promise<TestRepository & { first: string }> {
  const repository = await openTestRepository();
  const { folder } = repository;
  await mkdir(join(folder, 'sub'));
  await writeFile(join(folder, 'sub/file'), 'one');
  await repository.git('add', '.');
  await repository.git('commit', '-qm', 'one');
  const first = await repository.git('rev-parse', 'HEAD');
  await repository.git('tag', '-am', 'first', 'v1');
  await writeFile(join(folder, 'sub/file'), 'two');
  await repository.git('commit', '-qam', 'two');
  return { ...repository, first };
}

test('a branch, a tag, a commit and a folder of a repository', async () => {
  await using repository = await withHistory();
  const { first } = repository;
  const read = async (behind: string, path = 'sub/file'): Promise<string> => {
    await using checkout = await fetch(repository, behind);
    return await readFile(join(checkout.path, path), 'utf8');
  };
  expect(await read('')).toBe('two');
  expect(await read('#main')).toBe('two');
  expect(await read('#v1')).toBe('one');
  expect(await read('?tag=v1')).toBe('one');
  expect(await read(`#${first}`)).toBe('one');
  expect(await read(`#${first.slice(0, 12)}`)).toBe('one');
  expect(await read('#v1:sub', 'file')).toBe('one');
  await using checkout = await fetch(repository, '#v1');
  expect(checkout.commit).toBe(first);
  expect(checkout.epoch).toBe(Number(await repository.git('show', '-s', '--format=%ct', first)));
  expect(await readdir(checkout.path)).toEqual(['sub']);
});

test('what a name stands for is told without fetching', async () => {
  await using repository = await withHistory();
  const { first } = repository;
  const second = await repository.git('rev-parse', 'HEAD');
  const resolve = async (behind: string): Promise<string | undefined> => {
    const reference = parseGitReference(`${repository.url}${behind}`);
    if (reference === undefined) throw new Error('no git reference');
    return resolveGit(reference, { scratch: tmpdir(), signal: new AbortController().signal, vertex });
  };
  expect(await resolve('')).toBe(second);
  expect(await resolve('#main')).toBe(second);
  expect(await resolve('#v1')).toBe(first);
  expect(await resolve('?branch=main')).toBe(second);
  expect(await resolve(`#${first.slice(0, 10)}`)).toBeUndefined();
});

test('the commit is what the checksum says', async () => {
  await using repository = await withHistory();
  const { first } = repository;
  await using right = await fetch(repository, `?checksum=${first.slice(0, 10)}#v1`);
  expect(right.commit).toBe(first);
  await expect(fetch(repository, `?checksum=${first}#main`)).rejects.toThrow(`expected checksum to match ${first}`);
  await expect(fetch(repository, '?checksum=nothex#main')).rejects.toThrow('invalid checksum');
});

test('a folder .git is kept where it is asked for, with the history of one commit', async () => {
  await using repository = await withHistory();
  await using checkout = await fetch(repository, '?keep-git-dir=true');
  expect(await readdir(checkout.path)).toEqual(['.git', 'sub']);
  const config = await readFile(join(checkout.path, '.git/config'), 'utf8');
  expect(config).toContain(repository.url);
});

test('what is not there is told, and leaves nothing', async () => {
  await using repository = await withHistory();
  await expect(fetch(repository, '#nosuch')).rejects.toThrow(/nosuch/);
  await expect(fetch(repository, '#:nosuch')).rejects.toThrow('there is no folder nosuch');
  await expect(fetch(repository, '#-upload-pack=touch')).rejects.toThrow('is no name of a branch');
});

test('a link as the folder leads nowhere outside', async () => {
  await using repository = await withHistory();
  await symlink('/etc', join(repository.folder, 'out'));
  await symlink('../../../../etc', join(repository.folder, 'up'));
  await repository.git('add', '.');
  await repository.git('commit', '-qm', 'links');
  await expect(fetch(repository, '#:out')).rejects.toThrow('there is no folder out');
  await expect(fetch(repository, '#:up')).rejects.toThrow('there is no folder up');
  await expect(fetch(repository, '#:../../etc')).rejects.toThrow('there is no folder');
});

test('hooks and settings of the repository are not run', async () => {
  await using repository = await withHistory();
  const proof = join(repository.folder, 'ran');
  await writeFile(join(repository.folder, '.gitattributes'), '* filter=evil\n');
  await writeFile(join(repository.folder, '.gitconfig'), `[filter "evil"]\n  smudge = touch ${proof}\n`);
  await repository.git('add', '.');
  await repository.git('commit', '-qm', 'filter');
  await using _ = await fetch(repository, '');
  expect(await readdir(repository.folder)).not.toContain('ran');
});

test('a token is sent, and stands nowhere', async () => {
  const token = Buffer.from('x-access-token:secret').toString('base64');
  await using repository = await openTestRepository({ authorization: `basic ${token}` });
  await writeFile(join(repository.folder, 'file'), 'x');
  await repository.git('add', '.');
  await repository.git('commit', '-qm', 'one');
  const secrets = { get: async (id: string) => (id === 'GIT_AUTH_TOKEN' ? Buffer.from('secret\n') : undefined) };
  await using checkout = await fetch(repository, '?keep-git-dir=1', { secrets });
  expect(await readFile(join(checkout.path, '.git/config'), 'utf8')).not.toMatch(/secret|basic|Authorization/);
  expect(repository.authorizations.length).toBeGreaterThan(0);
  await expect(fetch(repository, '')).rejects.toThrow(/git fetch failed/);
});

test('an engine that builds for others fetches from public addresses only', async () => {
  await using repository = await withHistory();
  await expect(fetch(repository, '', { guardNetwork: true })).rejects.toThrow(
    '127.0.0.1 may not be fetched by a build',
  );
});
