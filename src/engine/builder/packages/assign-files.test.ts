import { expect, test } from 'vitest';
import { assignFiles } from './assign-files.ts';
import type { ChangedNode } from './changed-tree.ts';
import type { Distribution } from './find-distributions.ts';

const SITE = 'lib/site-packages';

type Spec = number | 'removed' | 'symlink' | { hides: Tree } | { linked: number } | Tree;
interface Tree {
  [name: string]: Spec;
}

/** Files by their size, folders by what is in them. */
function nodes(tree: Tree): ChangedNode[] {
  return Object.entries(tree).map(([name, spec]): ChangedNode => {
    const plain = { name, size: 0, links: 1, mtimeNs: 0n, hides: false, isOpaque: false, children: [] };
    if (typeof spec === 'number') return { ...plain, kind: 'file', size: spec };
    if (typeof spec === 'string') return { ...plain, kind: spec };
    if ('linked' in spec && typeof spec['linked'] === 'number')
      return { ...plain, kind: 'file', size: spec['linked'], links: 2 };
    const hides = 'hides' in spec && typeof spec['hides'] === 'object';
    return { ...plain, kind: 'directory', hides, children: nodes(hides ? (spec['hides'] as Tree) : spec) };
  });
}

function dist(name: string, ...files: string[]): Distribution {
  const record = `${SITE}/${name}-1.dist-info`;
  const own = [`${record}/METADATA`, `${record}/RECORD`];
  return {
    name,
    version: '1',
    record,
    kind: 'python',
    files: [...files.map((file) => `${SITE}/${file}`), ...own],
    receipts: [`${record}/RECORD`],
    sha256: undefined,
    origin: undefined,
  };
}

const INFO = { METADATA: 100, RECORD: 100 };

function assigned(tree: Tree, distributions: readonly Distribution[], layers = 50): [string, readonly string[]][] {
  return assignFiles(nodes(tree), distributions, { layers }).map(({ title, paths }) => [title, paths]);
}

test('largest first; a folder that is all of one moves as it is', () => {
  const tree = {
    lib: {
      'site-packages': {
        a: { 'x.py': 50_000, deep: { 'y.py': 1 } },
        b: { 'x.py': 90_000 },
        'a-1.dist-info': INFO,
        'b-1.dist-info': INFO,
      },
    },
  };
  expect(assigned(tree, [dist('a', 'a/x.py', 'a/deep/y.py'), dist('b', 'b/x.py')])).toEqual([
    ['b 1', [`${SITE}/b`, `${SITE}/b-1.dist-info`]],
    ['a 1', [`${SITE}/a`, `${SITE}/a-1.dist-info`]],
  ]);
});

test('what no record names, more than one names, has other names or hides something stays with the rest', () => {
  const tree = {
    bin: { program: 10 },
    lib: {
      'site-packages': {
        shared: { 'both.py': 1, 'own.py': 1 },
        over: { hides: { 'a.py': 1, 'stray.py': 1 } },
        gone: 'removed',
        a: { 'x.py': 50_000, 'stray.py': 1, 'twice.py': { linked: 5 } },
        'a-1.dist-info': INFO,
      },
    },
  } as const;
  const [a, b] = [
    dist('a', 'shared/both.py', 'shared/own.py', 'over/a.py', 'a/x.py', 'a/twice.py', 'gone'),
    dist('b', 'shared/both.py'),
  ];
  const program = { ...a, files: [...a.files, 'bin/program'] };
  expect(assigned(tree, [program, b])).toEqual([
    ['a 1', [`${SITE}/shared/own.py`, `${SITE}/a/x.py`, `${SITE}/a-1.dist-info`]],
  ]);
});

test('the smallest are pooled where there are too many, and where they are not worth a layer', () => {
  const names = Array.from({ length: 10 }, (_, index) => `d${index}`);
  const folders = Object.fromEntries(
    names.flatMap((name, index) => [
      [name, { 'x.py': 40_000 + index }],
      [`${name}-1.dist-info`, INFO],
    ]),
  );
  const tree = { lib: { 'site-packages': { ...folders, tiny: { 'x.py': 5 }, 'tiny-1.dist-info': INFO } } };
  const all = [...names, 'tiny'].map((name) => dist(name, `${name}/x.py`));
  expect(assigned(tree, all, 4).map(([title]) => title)).toEqual(['d9 1', 'd8 1', 'd7 1']);
  expect(assigned(tree, all).map(([title]) => title)).not.toContain('tiny 1');
  expect(assigned(tree, all, 1)).toEqual([]);
  expect(assigned(tree, all, -5)).toEqual([]);
});

test('receipts of a large one are apart, so that it is the same whether it was asked for or not', () => {
  const tree = { lib: { 'site-packages': { a: { 'x.so': 9_000_000 }, 'a-1.dist-info': INFO } } };
  expect(assigned(tree, [dist('a', 'a/x.so')])).toEqual([
    ['a 1', [`${SITE}/a`, `${SITE}/a-1.dist-info/METADATA`]],
    ['records of large packages', [`${SITE}/a-1.dist-info/RECORD`]],
  ]);
});

test('compiled files of what lies below are apart; those of new sources stay where these are', () => {
  const compiled = { 'os.cpython-313.pyc': 10, 'mine.cpython-313.pyc': 10 };
  const tree = {
    lib: {
      __pycache__: compiled,
      'mine.py': 1,
      'site-packages': { a: { 'x.py': 50_000 }, 'a-1.dist-info': INFO },
    },
  };
  expect(assigned(tree, [dist('a', 'a/x.py')]).at(-1)).toEqual([
    'compiled Python files',
    ['lib/__pycache__/os.cpython-313.pyc'],
  ]);
});

test('what conda installs is its, though Python records it as well', () => {
  const tree = {
    lib: { 'site-packages': { a: { 'x.py': 50_000 }, 'a-1.dist-info': INFO } },
    'conda-meta': { 'a.json': 9 },
  };
  const conda: Distribution = {
    ...dist('a', 'a/x.py'),
    kind: 'conda',
    record: 'conda-meta/a.json',
    receipts: ['conda-meta/a.json'],
  };
  const own = { ...conda, files: [...conda.files, 'conda-meta/a.json'] };
  expect(assigned(tree, [dist('a', 'a/x.py'), own])).toEqual([['a 1', ['lib', 'conda-meta']]]);
});
