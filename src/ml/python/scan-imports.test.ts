import { expect, test } from 'vitest';
import { readModule } from './read-module.ts';
import { scanImports } from './scan-imports.ts';

const modules = (source: string): string[] =>
  scanImports(source).map(({ module, names }) => [module, ...names].join(' '));

test.each([
  ['import os, sys as system', ['os', 'sys']],
  ['import a.b.c', ['a.b.c']],
  ['from x import (\n  y,  # why\n  z as w,\n)\nimport later', ['x y z', 'later']],
  ['from . import near\nfrom ..up.there import thing', ['. near', '..up.there thing']],
  ['from x import a, \\\n   b', ['x a b']],
  ['"""Says\nimport nothing\n"""\nimport real', ['real']],
  ["x = '''\nfrom fake import y\n'''\nimport real", ['real']],
  ['def f():\n    import late', ['late']],
  ['import a; import b', ['a']],
  ['from x import *', ['x *']],
  ['importlib.reload(x)\nimporter = 1\nfrom_ = 2', []],
  ['# import no\nprint("import no")', []],
  ['from x import (never, closed', ['x never closed']],
  ['\r\nimport a\r\nimport b\r\n', ['a', 'b']],
  ['x = (\'"""\', 1)\nimport a', ['a']],
  ['', []],
])('%j', (source, expected) => {
  expect(modules(source)).toEqual(expected);
});

test('what is optional, late or only for types is told apart, and lines are counted', () => {
  const source = 'import a\ntry:\n    import b\nexcept ImportError:\n    b = None\nif TYPE_CHECKING:\n    import c\ndef f():\n    import d\n';
  expect(scanImports(source)).toMatchObject([
    { module: 'a', line: 1, optional: false, late: false },
    { module: 'b', line: 3, optional: true },
    { module: 'd', line: 9, late: true },
  ]);
}); // prettier-ignore

const flat = (items: ReturnType<typeof scanImports>): unknown[] => items.map(({ module, names, as, line }) => [module, names, as, line]); // prettier-ignore

test('lines alone say the same as the parser', () => {
  const source = `"""Doc."""\nfrom __future__ import annotations\nimport os.path as path, json\nfrom a.b import (c,\n  d as e)\ntry:\n    import fast\nexcept ImportError:\n    import slow\n\ndef f():\n    from .g import h\n`;
  expect(flat(scanImports(source))).toEqual(flat([...readModule('x/y.py', source).imports]));
}); // prettier-ignore

test('a block ends where the next statement begins', () => {
  const source = 'if TYPE_CHECKING:\n    import a\nif x:\n    import b\nif TYPE_CHECKING:\n    import c\nelse:\n    import d\ntry:\n    import e\nfinally:\n    pass\nif y:\n    import f\n';
  expect(scanImports(source).map(({ module, optional }) => [module, optional])).toEqual([['b', false], ['d', false], ['e', true], ['f', false]]);
}); // prettier-ignore

test('ten megabytes of text between quotes are passed over at once', () => {
  const source = `x = """${'import a\n'.repeat(200_000)}"""\nimport b\n${'y = 1\n'.repeat(500_000)}import c`;
  const start = performance.now();
  expect(modules(source)).toEqual(['b', 'c']);
  expect(performance.now() - start).toBeLessThan(1500);
});
