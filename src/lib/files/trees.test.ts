import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, readSync, writeFileSync } from 'node:fs';
import { link, mkdir, mkdtempDisposable, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NotFoundError } from '#lib/errors.ts';
import { findRegular, openRegular } from './open-regular.ts';
import { openRoot } from './open-root.ts';
import { removeTree } from './remove-tree.ts';
import { treeUsage } from './tree-usage.ts';
import { unlessGone } from './unless-gone.ts';

/** Folders in folders, each with a name as long as names can be: no call takes the path of the last. */
function makeDeep(folder: string, depth: number): void {
  const script =
    'import os, sys\nos.chdir(sys.argv[1])\nfor _ in range(int(sys.argv[2])):\n os.mkdir("d" * 255)\n os.chdir("d" * 255)\nopen("end", "w").write("1234")';
  execFileSync('python3', ['-c', script, folder, String(depth)]);
}

test('a tree whose paths are too long for any call is counted and removed', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'trees-'));
  const tree = join(folder.path, 'tree');
  await mkdir(join(tree, 'side'), { recursive: true });
  makeDeep(tree, 60);
  expect(await treeUsage(tree)).toEqual({ bytes: 4, inodes: 62 });
  await removeTree(tree);
  expect(await readdir(folder.path)).toEqual([]);
  await removeTree(tree);
});

test('usage counts a file once and follows no link', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'trees-'));
  await writeFile(join(folder.path, 'one'), '12345');
  await link(join(folder.path, 'one'), join(folder.path, 'two'));
  await symlink('/usr', join(folder.path, 'away'));
  writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from([0xff, 0x61])]), 'x');
  expect(await treeUsage(folder.path)).toEqual({ bytes: 6, inodes: 3 });
});

test('only a regular file is opened for reading, whatever took its name', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'trees-'));
  using root = openRoot(folder.path);
  mkdirSync(join(folder.path, 'folder'));
  execFileSync('mkfifo', [join(folder.path, 'pipe')]);
  await writeFile(join(folder.path, 'file'), 'text');
  await symlink('file', join(folder.path, 'link'));
  for (const name of ['folder', 'pipe', 'link']) expect(openRegular(root, name), name).toBeUndefined();
  expect(() => openRegular(root, 'nothing')).toThrow(NotFoundError);
  expect(findRegular(root, 'nothing')).toBeUndefined();
  const file = findRegular(root, 'link');
  expect(file?.stats.size).toBe(4);
  const bytes = Buffer.alloc(4);
  readSync(file?.fd ?? -1, bytes);
  closeSync(file?.fd ?? -1);
  expect(bytes.toString()).toBe('text');
});

test('what is gone is undefined, other faults are thrown', () => {
  expect(unlessGone(() => 1)).toBe(1);
  expect(
    unlessGone(() => {
      throw new NotFoundError('gone');
    }),
  ).toBeUndefined();
  expect(() =>
    unlessGone(() => {
      throw new TypeError('defect');
    }),
  ).toThrow(TypeError);
});
