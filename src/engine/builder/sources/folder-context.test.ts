import { lstatSync } from 'node:fs';
import {
  appendFile,
  chmod,
  link,
  lutimes,
  mkdir,
  mkdtempDisposable,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { setXattr } from '#linux/xattr.ts';
import { createReport } from '../progress/report.ts';
import type { OpenedContext } from './context-source.ts';
import { digestSource, listDigests } from './digest-source.ts';
import { openFileDigests } from './file-digests.ts';
import { matchParents, matchSources } from './find-sources.ts';
import { folderContext } from './folder-context.ts';
import type { Source, SourceTree } from './source-tree.ts';

const signal = new AbortController().signal;
const vertex = createReport('test', () => {}).start({ name: 'context' });

interface Place extends AsyncDisposable {
  path: string;
  open(exclude?: readonly string[]): Promise<OpenedContext>;
}

/** A folder with files, links (`-> target`) and folders (names that end with a slash), and digests kept beside it. */
async function place(files: Readonly<Record<string, string>>): Promise<Place> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'b-folder-'));
  const path = join(folder.path, 'context');
  await mkdir(path);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(path, name.endsWith('/') ? name : dirname(name)), { recursive: true });
    if (text.startsWith('-> ')) await symlink(text.slice(3), join(path, name));
    else if (!name.endsWith('/')) await writeFile(join(path, name), text);
  }
  const fileDigests = openFileDigests(join(folder.path, 'digests'));
  return {
    path,
    open: (exclude = []) =>
      folderContext(path).open({ scratch: folder.path, only: undefined, exclude, vertex, signal, fileDigests }),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

function paths(sources: readonly Source[]): string[] {
  return sources.flatMap(({ entries }) => entries.map(({ relative, path }) => (relative === '' ? path : relative)));
}

async function digest(tree: SourceTree, word = '.'): Promise<string> {
  const [source] = matchSources(tree, word, []);
  return source === undefined ? '' : digestSource(tree, source, { withOwner: true, signal });
}

test('a word names a file, a folder, what a link leads to, or what a pattern matches', async () => {
  await using folder = await place({
    a: '',
    'd/x.txt': '',
    'd/y.bin': '',
    'd/s/z.txt': '',
    l: '-> d',
    'e/l': '-> ../a',
  });
  await using opened = await folder.open();
  const find = (word: string, exclude: string[] = []): string[] => paths(matchSources(opened.tree, word, exclude));
  expect(find('a')).toEqual(['a']);
  expect(find('../a')).toEqual(['a']);
  expect(find('d')).toEqual(['d', 's', 's/z.txt', 'x.txt', 'y.bin']);
  expect(find('l/s')).toEqual(['d/s', 'z.txt']);
  expect(find('e/l')).toEqual(['a']);
  expect(find('d/*.txt')).toEqual(['d/x.txt']);
  expect(find('l/*.txt')).toEqual(['d/x.txt']);
  expect(find('l*/x.txt')).toEqual([]);
  expect(find('*/s')).toEqual(['d/s', 'z.txt']);
  expect(find('no*')).toEqual([]);
  expect(find('d', ['*.txt'])).toEqual(['d', 's', 's/z.txt', 'y.bin']);
  expect(find('d', ['**/*.txt'])).toEqual(['d', 's', 'y.bin']);
  expect(find('d', ['s', '!s/z.txt'])).toEqual(['d', 's', 's/z.txt', 'x.txt', 'y.bin']);
  expect(() => find('nope')).toThrow('stat nope: file does not exist');
  expect(() => find('../nope')).toThrow('forbidden path outside the build context');
});

test('--parents takes the folders above along, from a point on', async () => {
  await using folder = await place({ 'd/s/z.txt': '', 'd/s/w': '', 'd/x.txt': '', 'e/': '' });
  await using opened = await folder.open();
  const find = (word: string, exclude: string[] = []): string[] =>
    paths(matchParents(opened.tree, word, exclude)).slice(1);
  expect(find('d/s/z.txt')).toEqual(['d', 'd/s', 'd/s/z.txt']);
  expect(find('d/./s/z.txt')).toEqual(['s', 's/z.txt']);
  expect(find('**/*.txt')).toEqual(['d', 'd/s', 'd/s/z.txt', 'd/x.txt']);
  expect(find('d/s')).toEqual(['d', 'd/s', 'd/s/w', 'd/s/z.txt']);
  expect(find('d', ['**/z.txt'])).toEqual(['d', 'd/s', 'd/s/w', 'd/x.txt']);
  expect(find('d/no*')).toEqual([]);
  expect(() => find('d/nope')).toThrow('file does not exist');
});

test('what the ignore file leaves out is not there', async () => {
  await using folder = await place({ a: '', 'd/x': '', 'd/y': '', 'n/m/k': '', 'n/o': '', l: '-> d/x' });
  await using opened = await folder.open(['d/x', 'n', '!n/m/k']);
  const find = (word: string): string[] => paths(matchSources(opened.tree, word, []));
  expect(find('.')).toEqual(['', 'a', 'd', 'd/y', 'l', 'n', 'n/m', 'n/m/k']);
  expect(find('d/*')).toEqual(['d/y']);
  expect(() => find('d/x')).toThrow('excluded by .dockerignore');
  expect(() => find('l')).toThrow('excluded by .dockerignore');
});

test('links lead nowhere outside', async () => {
  await using folder = await place({ out: '-> /etc', up: '-> ../../../../etc/passwd', etc: 'inside' });
  await using opened = await folder.open();
  expect(paths(matchSources(opened.tree, 'out', []))).toEqual(['etc']);
  expect(() => matchSources(opened.tree, 'up', [])).toThrow('file does not exist');
  expect(() => matchSources(opened.tree, 'out/passwd', [])).toThrow();
});

test('a digest says names, kinds, modes, targets and bytes, and not times', async () => {
  await using folder = await place({ a: '1', 'd/x': '2', l: '-> a' });
  const now = async (): Promise<string> => {
    await using opened = await folder.open();
    return await digest(opened.tree);
  };
  const first = await now();
  await utimes(join(folder.path, 'a'), 1, 1);
  await utimes(join(folder.path, 'd'), 1, 1);
  await lutimes(join(folder.path, 'l'), 1, 1);
  expect(await now()).toBe(first);
  await chmod(join(folder.path, 'a'), 0o600);
  const second = await now();
  expect(second).not.toBe(first);
  await writeFile(join(folder.path, 'd/x'), '3');
  const third = await now();
  expect(third).not.toBe(second);
  await link(join(folder.path, 'a'), join(folder.path, 'b'));
  expect(await now()).not.toBe(third);
});

test('an unchanged file is not read again, a changed one is, whatever its times say', async () => {
  await using folder = await place({ a: 'one', b: 'two' });
  await sleep(100); // what was just written may change unseen
  const read = async (): Promise<{ all: string; known: string[] }> => {
    await using opened = await folder.open();
    matchSources(opened.tree, '.', []);
    const known = [...opened.tree.digests.keys()];
    return { all: await digest(opened.tree), known };
  };
  const first = await read();
  expect(first.known).toEqual([]);
  const second = await read();
  expect(second.known).toEqual(['a', 'b']);
  expect(second.all).toBe(first.all);
  const { mtimeMs, atimeMs } = lstatSync(join(folder.path, 'a'));
  await writeFile(join(folder.path, 'a'), 'ONE');
  await utimes(join(folder.path, 'a'), atimeMs / 1000, mtimeMs / 1000);
  const third = await read();
  expect(third.known).toEqual(['b']);
  expect(third.all).not.toBe(first.all);
});

test('extended attributes come along, on the first look and on every later one', async () => {
  await using folder = await place({ a: 'one', b: 'two' });
  const look = async (): Promise<{ all: string; names: string[] }> => {
    await using opened = await folder.open();
    const [source] = matchSources(opened.tree, '.', []);
    const all = source === undefined ? '' : await digestSource(opened.tree, source, { withOwner: true, signal });
    const files = source?.entries.filter(({ kind }) => kind === 'file') ?? [];
    return { all, names: files.flatMap(({ path, attributes }) => [...attributes.xattrs.keys()].map((name) => `${path} ${name}`)) }; // prettier-ignore
  };
  const plain = await look();
  expect(plain.names).toEqual([]);
  setXattr(join(folder.path, 'b'), 'user.note', Buffer.from('x'));
  const young = await look();
  expect(young.names).toEqual(['b user.note']);
  expect(young.all).not.toBe(plain.all);
  await sleep(100); // from now on it is known
  expect(await look()).toEqual(young);
  expect(await look()).toEqual(young);
});

test('files that change or go after they were found are read as they are, or told', async () => {
  await using folder = await place({ a: 'one', 'd/b': 'two' });
  await using before = await folder.open();
  const [source] = matchSources(before.tree, 'a', []);
  await appendFile(join(folder.path, 'a'), '!');
  const grown = source === undefined ? '' : await digestSource(before.tree, source, { withOwner: true, signal });
  await using after = await folder.open();
  expect(grown).toBe(await digest(after.tree, 'a'));
  const [deep] = matchSources(after.tree, 'd', []);
  await rm(join(folder.path, 'd'), { recursive: true });
  await symlink('/etc', join(folder.path, 'd'));
  await expect(digestSource(after.tree, deep ?? { name: '', path: '', isDirectory: true, entries: [] }, { withOwner: true, signal })).rejects.toThrow('d/b'); // prettier-ignore
});

test('the files that changed can be told', async () => {
  await using folder = await place({ a: 'one', 'd/b': 'two' });
  const list = async (): Promise<ReadonlyMap<string, string>> => {
    await using opened = await folder.open();
    const [source] = matchSources(opened.tree, '.', []);
    if (source === undefined) return new Map();
    await digestSource(opened.tree, source, { withOwner: true, signal });
    return listDigests([{ tree: opened.tree, source }]);
  };
  const before = await list();
  await appendFile(join(folder.path, 'd/b'), '!');
  const after = await list();
  expect([...after].filter(([path, value]) => before.get(path) !== value).map(([path]) => path)).toEqual(['d/b']);
});
