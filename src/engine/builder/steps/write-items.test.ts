import { lstatSync, readFileSync, statSync } from 'node:fs';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtempDisposable,
  readdir,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createReport } from '../progress/report.ts';
import { digestSource } from '../sources/digest-source.ts';
import { openFileDigests } from '../sources/file-digests.ts';
import { matchSources } from '../sources/find-sources.ts';
import { folderContext } from '../sources/folder-context.ts';
import type { SourceTree } from '../sources/source-tree.ts';
import type { Workspace } from '../workspace.ts';
import type { Item } from './copy-items.ts';
import { ownerOf, writeItems, type WriteItemsOptions } from './write-items.ts';
import { openRoot } from '#lib/files/open-root.ts';

const signal = new AbortController().signal;
const vertex = createReport('test', () => {}).start({ name: 'context' });
const self = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;

interface Place extends AsyncDisposable {
  context: string;
  image: string;
  /** What lies in the image now: kind, mode and content by path. */
  list(): Promise<string[]>;
  /** Copies words to a target, as COPY does. */
  copy(words: readonly string[], target: string, options?: Partial<WriteItemsOptions>): Promise<void>;
  items(words: readonly string[]): Promise<{ items: Item[] } & AsyncDisposable>;
}

async function place(
  files: Readonly<Record<string, string>>,
  image: Readonly<Record<string, string>> = {},
): Promise<Place> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'b-write-'));
  const [from, to] = [join(folder.path, 'context'), join(folder.path, 'image')];
  for (const [root, texts] of [
    [from, files],
    [to, image],
  ] as const) {
    await mkdir(root);
    for (const [name, text] of Object.entries(texts)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      if (text.startsWith('-> ')) await symlink(text.slice(3), join(root, name));
      else await writeFile(join(root, name), text);
    }
  }
  const fileDigests = openFileDigests(join(folder.path, 'digests'));
  const items: Place['items'] = async (words) => {
    const opened = await folderContext(from).open({ scratch: folder.path, only: undefined, exclude: [], vertex, signal, fileDigests }); // prettier-ignore
    const found: Item[] = [];
    for (const word of words) found.push(...(await itemsOf(opened.tree, word)));
    return { items: found, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  };
  return {
    context: from,
    image: to,
    items,
    list: async () => list(to),
    async copy(words, target, options = {}) {
      await using found = await items(words);
      await writeItems(workspaceOf(to), found.items, optionsOf(target, options));
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

async function itemsOf(tree: SourceTree, word: string): Promise<Item[]> {
  const items: Item[] = [];
  for (const source of matchSources(tree, word, [])) {
    const digest = await digestSource(tree, source, { withOwner: false, signal });
    const loaded = { tree, source, isArchive: false };
    items.push({ digest, unpacks: false, kind: source.isDirectory ? 'dir' : 'file', load: async () => loaded, loaded });
  }
  return items;
}

function optionsOf(target: string, options: Partial<WriteItemsOptions> = {}): WriteItemsOptions {
  const path = target.replace(/\/$/, '') || '/';
  const isFolder = target.endsWith('/');
  return {
    target: { path, isFolder },
    chown: self,
    chmod: undefined,
    keepOwner: false,
    signal,
    warn: () => {},
    ...options,
  };
}

function workspaceOf(path: string): Workspace {
  return { upper: path, open: async () => path, close: async () => {} } as unknown as Workspace;
}

async function list(root: string, folder = ''): Promise<string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(join(root, folder))).toSorted()) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const stats = await lstat(join(root, path));
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isDirectory()) lines.push(`${path}/ ${mode}`, ...(await list(root, path)));
    else if (stats.isSymbolicLink()) lines.push(`${path} link`);
    else lines.push(`${path} ${mode} ${readFileSync(join(root, path), 'utf8').slice(0, 20)}`);
  }
  return lines;
}

test('where a file comes: to a name, into a folder, through links that stay inside', async () => {
  await using one = await place(
    { f: 'F' },
    { 'there/x': 'x', into: '-> there', real: 'r', file: '-> real', away: '-> /../../tmp' },
  );
  await one.copy(['f'], '/new');
  await one.copy(['f'], '/made/');
  await one.copy(['f'], '/into');
  await one.copy(['f'], '/file');
  await one.copy(['f'], '/away/f');
  expect(await one.list()).toEqual([
    'away link',
    'file link',
    'into link',
    'made/ 755',
    'made/f 644 F',
    'new 644 F',
    'real 644 F',
    'there/ 755',
    'there/f 644 F',
    'there/x 644 x',
    'tmp/ 755',
    'tmp/f 644 F',
  ]);
});

test('a folder gives its content; one that is there keeps what it is like, those inside do not', async () => {
  await using one = await place({ 'd/a': 'a', 'd/s/b': 'b' }, { 'x/s/old': 'o' });
  await chmod(join(one.context, 'd'), 0o700);
  await chmod(join(one.context, 'd/s'), 0o750);
  await chmod(join(one.image, 'x'), 0o711);
  await one.copy(['d'], '/x');
  await one.copy(['d'], '/y/z');
  expect(await one.list()).toEqual([
    'x/ 711',
    'x/a 644 a',
    'x/s/ 750',
    'x/s/b 644 b',
    'x/s/old 644 o',
    'y/ 755',
    'y/z/ 755',
    'y/z/a 644 a',
    'y/z/s/ 750',
    'y/z/s/b 644 b',
  ]);
});

test('nothing of another kind gives way to a folder, and a folder to nothing', async () => {
  await using one = await place(
    { 'd/s/a': '', f: '' },
    { 'one/f/x': '', two: '', 'three/s': '-> ../one', 'four/s': '' },
  );
  await expect(one.copy(['f'], '/one/')).rejects.toThrow('cannot copy a file to a directory of that name: /one/f');
  await expect(one.copy(['d'], '/two')).rejects.toThrow('cannot copy a directory to a non-directory: /two');
  await expect(one.copy(['d'], '/three')).rejects.toThrow('cannot copy a directory to a non-directory: /three/s');
  await expect(one.copy(['d'], '/four')).rejects.toThrow('cannot copy a directory to a non-directory: /four/s');
});

test('--chmod holds for what is copied, and takes away from folders that are made for it', async () => {
  await using one = await place({ 'd/s/a': 'a' });
  await one.copy(['d'], '/x/y', { chmod: '640' });
  await one.copy(['d/s/a'], '/z/a', { chmod: '4777' });
  expect(await one.list()).toEqual(['x/ 640', 'x/y/ 640', 'x/y/s/ 640', 'x/y/s/a 640 a', 'z/ 755', 'z/a 4777 a']);
});

test('owners by number, and by name as the tree knows them', async () => {
  await using one = await place(
    {},
    {
      'etc/passwd': 'root:x:0:0::/:\nuser:x:1000:100::/:\n',
      'etc/group': 'root:x:0:\nusers:x:100:\nuser:x:1000:\n',
    },
  );
  using root = openRoot(one.image);
  const warnings: string[] = [];
  const owner = (text: string): string => {
    const { uid, gid } = ownerOf(root, text, (warning) => void warnings.push(warning));
    return `${uid}:${gid}`;
  };
  expect(['user', 'user:users', 'user:user', '7', '7:8', ':users', 'user:9'].map(owner)).toEqual([
    '1000:100',
    '1000:100',
    '1000:1000',
    '7:7',
    '7:8',
    '0:100',
    '1000:9',
  ]);
  expect(warnings).toEqual([]);
  expect([owner('nobody'), owner('user:nogroup')]).toEqual(['0:0', '1000:0']);
  expect(warnings).toHaveLength(2);
  expect(() => owner('4294967295')).toThrow('must be in range');
});

test('the last of several sources for one name stays, whatever their sizes', async () => {
  await using one = await place({ 'a/f': 'x'.repeat(2_000_000), 'b/f': 'small', 'c/f': 'y'.repeat(2_000_000) });
  await one.copy(['a/f', 'b/f'], '/one/');
  await one.copy(['b/f', 'c/f'], '/two/');
  expect(readFileSync(join(one.image, 'one/f'), 'utf8')).toBe('small');
  expect(readFileSync(join(one.image, 'two/f'), 'utf8')).toBe('y'.repeat(2_000_000));
});

test('second names stay second names, holes stay holes, and times are kept', async () => {
  await using one = await place({ 'd/one': 'same', 'd/big': '' });
  await link(join(one.context, 'd/one'), join(one.context, 'd/two'));
  await truncate(join(one.context, 'd/big'), 8_000_000);
  await utimes(join(one.context, 'd/one'), 1_000_000_000, 1_000_000_000.123456);
  await one.copy(['d'], '/x');
  const [first, second, big] = ['one', 'two', 'big'].map((name) =>
    statSync(join(one.image, 'x', name), { bigint: true }),
  );
  expect(first?.ino).toBe(second?.ino);
  expect(big?.size).toBe(8_000_000n);
  expect(Number(big?.blocks)).toBeLessThan(100);
  expect(first?.mtimeNs).toBe(lstatSync(join(one.context, 'd/one'), { bigint: true }).mtimeNs);
});

test.each([['small'], ['large'.repeat(500_000)]])(
  'a file that changed since it was looked at ends the build (%#)',
  async (text) => {
    await using one = await place({ f: text });
    await sleep(60);
    await using found = await one.items(['f']);
    await writeFile(join(one.context, 'f'), text.replaceAll('l', 'L'));
    await expect(writeItems(workspaceOf(one.image), found.items, optionsOf('/f'))).rejects.toThrow(
      'f changed while it was read',
    );
    await using again = await one.items(['f']);
    await utimes(join(one.context, 'f'), 1, 1);
    await writeItems(workspaceOf(one.image), again.items, optionsOf('/g'));
    expect(readFileSync(join(one.image, 'g'), 'utf8')).toBe(text.replaceAll('l', 'L'));
  },
);
