import { cpSync, linkSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRoot } from '#lib/files/open-root.ts';
import { isSameTree } from './same-tree.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync('/tmp/b-same-');
  for (const tree of ['one', 'other']) mkdirSync(join(folder, tree, 'a'), { recursive: true });
  writeFileSync(join(folder, 'one/a/file'), 'text');
  linkSync(join(folder, 'one/a/file'), join(folder, 'other/a/file'));
  settle();
});
afterEach(() => rmSync(folder, { recursive: true }));

function settle(): void {
  for (const tree of ['one', 'other']) utimesSync(join(folder, tree, 'a'), 1, 1);
}

async function compare(): Promise<boolean> {
  using one = openRoot(join(folder, 'one'));
  using other = openRoot(join(folder, 'other'));
  return await isSameTree(one, other);
}

test('the very same files in equal folders are the same tree', async () => {
  expect(await compare()).toBe(true);
});

test.each([
  [
    'a file that only looks the same',
    () => cpSync(join(folder, 'one/a/file'), join(folder, 'other/a/file'), { force: true }),
  ],
  ['a file more', () => writeFileSync(join(folder, 'other/a/more'), '')],
  ['another time of a folder', () => utimesSync(join(folder, 'other/a'), 2, 2)],
  ['a folder in place of a file', () => mkdirSync(join(folder, 'other/a/file'))],
])('%s is another tree', async (name, change) => {
  if (name !== 'another time of a folder' && name !== 'a file more') rmSync(join(folder, 'other/a/file'));
  change();
  if (name !== 'another time of a folder') settle();
  expect(await compare()).toBe(false);
});
