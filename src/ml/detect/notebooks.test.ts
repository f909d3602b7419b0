import { expect, test } from 'vitest';
import { treeOf } from '../files.ts';
import { readNotebooks, withoutMagics } from './notebooks.ts';

const notebook = (cells: readonly string[], metadata: object = {}): string =>
  JSON.stringify({ cells: cells.map((source) => ({ cell_type: 'code', source: source.split(/(?<=\n)/) })), metadata });

test('cells are read as one file, without magics, and what they install is known', async () => {
  const text = notebook(
    ['%matplotlib inline\n!pip install -q "torch>=2" transformers==4.40 -r more.txt\nimport torch', 'from sklearn import svm\nx = !ls\n?torch'],
    { language_info: { name: 'python', version: '3.10.12' } },
  ); // prettier-ignore
  const [facts] = await readNotebooks(treeOf({ 'a/b.ipynb': text }), []);
  expect(facts?.installs).toEqual(['torch>=2', 'transformers==4.40']);
  expect(facts?.python).toBe('3.10');
  expect(facts?.module.imports.map(({ module }) => module)).toEqual(['torch', 'sklearn']);
});

test('other languages, broken files and cells of a shell are none of ours', async () => {
  const unknown: string[] = [];
  const tree = treeOf({ 'r.ipynb': notebook([], { language_info: { name: 'R' } }), 'x.ipynb': '{"cells": [', 'y.ipynb': '[]', 'z.ipynb': '"' });
  expect(await readNotebooks(tree, unknown)).toMatchObject([{ path: 'y.ipynb' }]);
  expect(unknown).toEqual(['3 of 4 notebooks were not read']);
  expect(withoutMagics('%%bash\nimport nothing\n\nimport real').source.trim()).toBe('import real');
}); // prettier-ignore
