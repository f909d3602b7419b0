import { expect, test } from 'vitest';
import { treeOf } from '../files.ts';
import { readProject } from './project.ts';
import { readModules } from './read-modules.ts';

const LINE = 'value = 1  # a line that only makes the file longer than it would have to be\n';

test('of a large project the programs and what they import are read whole, the rest by import lines', async () => {
  const texts: Record<string, string> = {
    'app.py': 'from fastapi import FastAPI\nfrom near.first import x\napp = FastAPI()\n',
    'near/first.py': 'from .second import y\n',
    'near/second.py': 'import joblib\njoblib.load("m.pkl")\n',
    'far/other.py': 'import pandas\npandas.read_csv("x.csv")\n',
  };
  for (let index = 0; index < 60; index++) texts[`library/part_${index}.py`] = `import numpy\n${LINE.repeat(300)}`;
  const unknown: string[] = [];
  const modules = await readModules(treeOf(texts), [], unknown);
  const whole = modules.filter(({ read }) => read === 'whole').map(({ path }) => path).toSorted(); // prettier-ignore
  expect(whole).toEqual(['app.py', 'near/first.py', 'near/second.py']);
  expect(modules).toHaveLength(64);
  expect(modules.find(({ path }) => path === 'far/other.py')?.imports).toMatchObject([{ module: 'pandas' }]);
  expect(unknown).toEqual([
    'of 61 of 64 Python files only the import lines were read: the others are where programs begin',
  ]);
});

test('a file of one long line is not parsed, and its imports are known', async () => {
  const texts = { 'table.py': `import numpy\nTABLE = [${'1, '.repeat(400_000)}]\n`, 'main.py': 'import table\n' };
  const modules = await readModules(treeOf(texts), [], []);
  expect(modules.find(({ path }) => path === 'table.py')).toMatchObject({
    read: 'imports',
    imports: [{ module: 'numpy' }],
  });
});

const read = (): never => expect.unreachable();

test('what is remembered is not read again', async () => {
  const kept = new Map<string, never>();
  const tree = treeOf({ 'main.py': 'import a\n' });
  const memory = {
    recall: (path: string) => kept.get(path),
    keep: (path: string, module: unknown) => void kept.set(path, module as never),
    save: () => {},
  };
  const first = await readModules({ ...tree, memory }, [], []);
  const again = await readModules({ ...tree, memory, read }, [], []);
  expect(again).toEqual(first);
});

test('names made to confuse do no harm', async () => {
  const texts = { '__proto__.py': 'import constructor', 'constructor/toString.py': 'import __proto__', Procfile: 'web: gunicorn __proto__:constructor', 'README.md': '`python toString.py`', 'compose.yaml': 'services: {__proto__: {build: .}}' };
  const facts = await readProject(treeOf(texts));
  expect(facts.modules.map(({ path }) => path)).toEqual(['__proto__.py', 'constructor/toString.py']);
}); // prettier-ignore
