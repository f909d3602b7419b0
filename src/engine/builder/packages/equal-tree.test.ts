import {
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRoot } from '#lib/files/open-root.ts';
import { isAlikeTree, linkFiles } from './equal-tree.ts';

const TEXT = 'text'.repeat(5000);
let folder = '';

/** `pkg/{mod.py,twin.py,link}`, all of one time. */
function makeTree(name: string): string {
  const tree = join(folder, name);
  mkdirSync(join(tree, 'pkg'), { recursive: true });
  writeFileSync(join(tree, 'pkg/mod.py'), TEXT, { mode: 0o644 });
  linkSync(join(tree, 'pkg/mod.py'), join(tree, 'pkg/twin.py'));
  symlinkSync('mod.py', join(tree, 'pkg/link'));
  settle(tree);
  return tree;
}

function settle(tree: string): void {
  for (const path of ['pkg/mod.py', 'pkg/twin.py', 'pkg']) utimesSync(join(tree, path), 1, 1);
  lutimesSync(join(tree, 'pkg/link'), 1, 1);
}

async function isAlike(): Promise<boolean> {
  using one = openRoot(join(folder, 'one'), { links: 'refuse' });
  using other = openRoot(join(folder, 'other'), { links: 'refuse' });
  return await isAlikeTree(one, other);
}

beforeEach(() => {
  folder = mkdtempSync('/tmp/b-equal-');
  makeTree('one');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('trees that are alike share their files afterwards', async () => {
  const other = makeTree('other');
  expect(await isAlike()).toBe(true);
  using from = openRoot(join(folder, 'one'), { links: 'refuse' });
  using to = openRoot(other, { links: 'refuse' });
  await linkFiles(from, to);
  const [mine, theirs] = ['one', 'other'].map((name) => lstatSync(join(folder, name, 'pkg/mod.py')));
  expect(mine?.ino).toBe(theirs?.ino);
  expect(mine?.nlink).toBe(4);
  expect(lstatSync(join(folder, 'one/pkg')).mtimeMs).toBe(1000);
  expect(from.readdir('pkg').toSorted()).toEqual(['link', 'mod.py', 'twin.py']);
  expect(readFileSync(join(folder, 'one/pkg/twin.py'), 'utf8')).toBe(TEXT);
  expect(await isAlike()).toBe(true);
});

test('small files are not worth it', async () => {
  const other = makeTree('other');
  using from = openRoot(join(folder, 'one'), { links: 'refuse' });
  using to = openRoot(other, { links: 'refuse' });
  for (const root of [from, to]) writeFileSync(join(root.path, 'pkg/small'), 'small');
  await linkFiles(from, to);
  expect(from.lstat('pkg/small')?.nlink).toBe(1);
});

test.each<[what: string, change: (tree: string) => void]>([
  ['more bytes', (tree) => writeFileSync(join(tree, 'pkg/mod.py'), 'longer')],
  ['another mode', (tree) => chmodSync(join(tree, 'pkg/mod.py'), 0o755)],
  ['another time', (tree) => utimesSync(join(tree, 'pkg/mod.py'), 2, 2)],
  ['another time of a folder', (tree) => utimesSync(join(tree, 'pkg'), 2, 2)],
  ['a file more', (tree) => writeFileSync(join(tree, 'pkg/more'), '')],
  [
    'a link elsewhere',
    (tree) => {
      rmSync(join(tree, 'pkg/link'));
      symlinkSync('gone.p', join(tree, 'pkg/link'));
    },
  ],
  [
    'two files in place of two names of one',
    (tree) => {
      rmSync(join(tree, 'pkg/twin.py'));
      writeFileSync(join(tree, 'pkg/twin.py'), TEXT);
    },
  ],
])('%s: another tree', async (what, change) => {
  const tree = makeTree('other');
  change(tree);
  if (!what.startsWith('another time')) settle(tree);
  expect(await isAlike()).toBe(false);
});
