import { mkdirSync, mkdtempDisposableSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NotFoundError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { findSources } from './find-sources.ts';
import type { SourceTree } from './source-tree.ts';

function find(written: string, kind: SourceTree['kind'] = 'context'): unknown {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'sources-'));
  mkdirSync(join(folder.path, 'data'));
  writeFileSync(join(folder.path, 'data/here'), 'text');
  symlinkSync('data/here', join(folder.path, 'good'));
  symlinkSync('data', join(folder.path, 'folder'));
  symlinkSync('/mnt/weights', join(folder.path, 'weights'));
  symlinkSync('../../elsewhere', join(folder.path, 'data/up'));
  using root = openRoot(folder.path);
  const tree: SourceTree = { root, kind, digests: new Map(), taken: new Map() };
  try {
    return findSources(tree, written, []).map(({ entries }) => entries.length);
  } catch (error) {
    return error;
  }
}

test('a link that leads inside is what it leads to', () => {
  expect(find('good')).toEqual([1]);
  expect(find('folder/here')).toEqual([1]);
});

test.each([
  ['weights', 'weights is a link to /mnt/weights, which is not in the build context'],
  ['weights/model.bin', 'weights is a link to /mnt/weights'],
  ['./folder/up', 'folder/up is a link to ../../elsewhere'],
])('%s is a link that leads nowhere there, and the error says so', (written, why) => {
  const error = find(written) as NotFoundError;
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error.message).toContain('file not found in build context');
  expect(error.why).toContain(why);
  expect(error.hint).toContain('copy what it leads to');
});

test('what is just not there has no such reason', () => {
  expect(find('nothing')).toMatchObject({ why: undefined });
  expect((find('weights', 'stage') as NotFoundError).why).toContain('not in the image or stage');
});
