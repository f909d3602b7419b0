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
import { isEqualTree, linkFiles } from './equal-tree.ts';

let folder = '';

/** `pkg/{mod.py,twin.py,link}`, all of one time. */
function makeTree(name: string, text = 'text'): string {
  const tree = join(folder, name);
  mkdirSync(join(tree, 'pkg'), { recursive: true });
  writeFileSync(join(tree, 'pkg/mod.py'), text, { mode: 0o644 });
  linkSync(join(tree, 'pkg/mod.py'), join(tree, 'pkg/twin.py'));
  symlinkSync('mod.py', join(tree, 'pkg/link'));
  settle(tree);
  return tree;
}

function settle(tree: string): void {
  for (const path of ['pkg/mod.py', 'pkg/twin.py', 'pkg']) utimesSync(join(tree, path), 1, 1);
  lutimesSync(join(tree, 'pkg/link'), 1, 1);
}

async function isEqual(): Promise<boolean> {
  using one = openRoot(join(folder, 'one'), { links: 'refuse' });
  using other = openRoot(join(folder, 'other'), { links: 'refuse' });
  return await isEqualTree(one, other);
}

beforeEach(() => {
  folder = mkdtempSync('/tmp/b-equal-');
  makeTree('one');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what gives the same tar is equal, and shares its files afterwards', async () => {
  const other = makeTree('other');
  expect(await isEqual()).toBe(true);
  using from = openRoot(join(folder, 'one'), { links: 'refuse' });
  using to = openRoot(other, { links: 'refuse' });
  await linkFiles(from, to);
  const [mine, theirs] = ['one', 'other'].map((name) => lstatSync(join(folder, name, 'pkg/mod.py')));
  expect(mine?.ino).toBe(theirs?.ino);
  expect(mine?.nlink).toBe(4);
  expect(lstatSync(join(folder, 'one/pkg')).mtimeMs).toBe(1000);
  expect(from.readdir('pkg').toSorted()).toEqual(['link', 'mod.py', 'twin.py']);
  expect(readFileSync(join(folder, 'one/pkg/twin.py'), 'utf8')).toBe('text');
  expect(await isEqual()).toBe(true);
});

test.each<[what: string, change: (tree: string) => void]>([
  ['other bytes', (tree) => writeFileSync(join(tree, 'pkg/mod.py'), 'tex_')],
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
      writeFileSync(join(tree, 'pkg/twin.py'), 'text');
    },
  ],
])('%s: another tree', async (what, change) => {
  const tree = makeTree('other');
  change(tree);
  if (!what.startsWith('another time')) settle(tree);
  expect(await isEqual()).toBe(false);
});

test('a large file is compared to its end', async () => {
  for (const [name, end] of [
    ['one', 'a'],
    ['other', 'b'],
  ] as const) {
    // prettier-ignore
    if (name === 'other') makeTree(name);
    writeFileSync(join(folder, name, 'pkg/mod.py'), `${'x'.repeat(1_100_000)}${end}`);
    settle(join(folder, name));
  }
  expect(await isEqual()).toBe(false);
});
