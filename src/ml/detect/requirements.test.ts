import { expect, test } from 'vitest';
import { treeOf } from '../files.ts';
import { caret, findManifest } from './manifest.ts';
import { parseRequirement, readRequirements } from './requirements.ts';

test('a requirements file is read with what it includes', async () => {
  const tree = treeOf({
    'requirements.txt':
      '-r base.txt\n-c constraints.txt\n# comment\nFlask==3.1.2 # web\nscikit_learn[extra] >=1.5, <2 ; python_version >= "3.9"\n-i https://index.example/simple\ntorch==2.5.1 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def\n',
    'base.txt': 'numpy==2.0.2\n-r requirements.txt\n',
    'constraints.txt': 'scipy<2\n',
  });
  const { requirements, files, needsProject, problems } = await readRequirements(tree, 'requirements.txt');
  expect(requirements.map(({ name, specifiers, line }) => [name, specifiers, line])).toEqual([
    ['flask', '==3.1.2', 4],
    ['scikit-learn', '>=1.5,<2', 5],
    ['torch', '==2.5.1', 7],
    ['numpy', '==2.0.2', 1],
    ['scipy', '<2', 1],
  ]);
  expect(files).toEqual(['requirements.txt', 'base.txt', 'constraints.txt']);
  expect({ needsProject, problems }).toEqual({ needsProject: false, problems: [] });
});

test('links, folders and lines that are no requirement are told apart', async () => {
  const tree = treeOf({
    'requirements.txt':
      'git+https://host.example/x.git#egg=my_pkg\npkg @ https://host.example/pkg-1.0.whl\n-e .\n-r ../outside.txt\nhello world\n',
  });
  const { requirements, needsProject, problems } = await readRequirements(tree, 'requirements.txt');
  expect(requirements.map(({ name, url }) => [name, url])).toEqual([
    ['my-pkg', 'git+https://host.example/x.git#egg=my_pkg'],
    ['pkg', 'https://host.example/pkg-1.0.whl'],
  ]);
  expect(needsProject).toBe(true);
  expect(problems.map(({ line }) => line)).toEqual([4, 5]);
});

test.each(['', '===', 'a b', 'name = 1'])('%j is no requirement', (text) => {
  expect(parseRequirement(text)).toBeUndefined();
});

test('requirements.txt stands above pyproject.toml, which still says the Python', async () => {
  const tree = treeOf({
    'requirements.txt': 'flask\n',
    'pyproject.toml': '[project]\nrequires-python = ">=3.12"\ndependencies = ["numpy"]',
  });
  const manifest = await findManifest(tree);
  expect(manifest?.path).toBe('requirements.txt');
  expect(manifest?.requiresPython?.specifiers).toBe('>=3.12');
});

test('poetry and Pipfile are read', async () => {
  const poetry = await findManifest(
    treeOf({
      'pyproject.toml':
        '[tool.poetry.dependencies]\npython = "^3.10"\nflask = "^3.0"\ndev = {version="1", optional=true}',
    }),
  );
  expect(poetry?.requirements.map(({ name, specifiers }) => name + specifiers)).toEqual(['flask>=3.0,<4']);
  expect(poetry?.requiresPython?.specifiers).toBe('>=3.10,<4');
  const pipfile = await findManifest(
    treeOf({ Pipfile: '[packages]\nnumpy = "*"\n[requires]\npython_version = "3.9"' }),
  );
  expect(pipfile?.requirements[0]).toMatchObject({ name: 'numpy', specifiers: '' });
  expect(pipfile?.requiresPython?.specifiers).toBe('==3.9.*');
});

test('a broken pyproject.toml is a problem with its line, not the end', async () => {
  const manifest = await findManifest(treeOf({ 'pyproject.toml': '[project\n' }));
  expect(manifest?.problems[0]?.message).toContain('line 1');
});

test.each([
  ['^1.2.3', '>=1.2.3,<2'],
  ['^0.2.3', '>=0.2.3,<0.3'],
  ['~1.2', '>=1.2,<1.3'],
  ['1.2', '==1.2'],
  ['*', ''],
  ['>=1,<2', '>=1,<2'],
])('poetry %s means %s', (text, expected) => {
  expect(caret(text)).toBe(expected);
});
