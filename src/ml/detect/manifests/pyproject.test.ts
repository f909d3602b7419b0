import { expect, test } from 'vitest';
import { treeOf } from '../../files.ts';
import type { Draft } from './contract.ts';
import { caret } from './poetry-versions.ts';
import { readPipfile } from './pipfile.ts';
import { readPyproject } from './pyproject.ts';

const read = async (text: string, more: Record<string, string> = {}): Promise<Draft> => {
  const draft = await readPyproject(treeOf({ 'pyproject.toml': text, ...more }), 'pyproject.toml');
  if (draft === undefined) throw new Error('nothing was read');
  return draft;
};
const texts = (list: Draft['requirements'] | undefined): string[] => (list ?? []).map(({ name, extras, specifiers, marker, url }) => name + (extras.length > 0 ? `[${extras.join(',')}]` : '') + specifiers + (url === undefined ? '' : ` @ ${url}`) + (marker === '' ? '' : `; ${marker}`)); // prettier-ignore

test('PEP 621: dependencies, extras, Python, classifiers, scripts, with lines', async () => {
  const draft = await read(`[build-system]
requires = ["setuptools"]
[project]
name = "My_Thing"
requires-python = ">=3.10,<3.13"
dependencies = [
  "Flask>=3",
  "pywin32; sys_platform == 'win32'",
  "torch",
]
classifiers = ["Programming Language :: Python :: 3", "Programming Language :: Python :: 3.11"]
[project.optional-dependencies]
serve = ["uvicorn[standard]"]
gpu = ["cupy"]
all = ["my-thing[serve,gpu]", "rich"]
[project.scripts]
thing = "my_thing.cli:main"
`);
  expect(draft.requirements.map(({ name, line }) => [name, line])).toEqual([['flask', 7], ['torch', 9]]); // prettier-ignore
  expect(draft.requiresPython).toEqual({ specifiers: '>=3.10,<3.13', file: 'pyproject.toml', line: 5 });
  expect(draft.classifiedPythons).toMatchObject({ versions: ['3.11'], line: 11 });
  expect(texts(draft.optional.get('all'))).toEqual(['rich', 'uvicorn[standard]', 'cupy']);
  expect(draft.scripts).toMatchObject([{ name: 'thing', target: 'my_thing.cli:main' }]);
  expect({ name: draft.packageName, manager: draft.manager, extras: [...draft.extras] }).toEqual({ name: 'my-thing', manager: 'pip', extras: ['serve', 'gpu', 'all'] }); // prettier-ignore
});

test('dependency groups include each other, and not without end', async () => {
  const draft = await read(`[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
lint = ["ruff"]
loop = [{include-group = "loop"}]
`);
  expect(texts(draft.optional.get('dev'))).toEqual(['pytest', 'ruff']);
  expect(draft.problems.map(({ code }) => code)).toEqual(['group-cycle']);
});

test('Poetry: versions, groups, extras, sources, paths and git', async () => {
  const draft = await read(`[tool.poetry]
name = "x"
[tool.poetry.dependencies]
python = "^3.10"
flask = "^3.0"
numpy = [{version = "^1.20", python = "<3.9"}, {version = "^1.26", python = ">=3.9"}]
torch = {version = "2.1.0", source = "cpu"}
gunicorn = {version = "*", optional = true}
lib = {path = "libs/lib", develop = true}
clip = {git = "git@github.com:openai/CLIP.git", rev = "a1b2"}
win = {version = "1", markers = "sys_platform == 'win32'"}
[tool.poetry.group.dev.dependencies]
pytest = "*"
[tool.poetry.extras]
serve = ["gunicorn"]
[[tool.poetry.source]]
name = "cpu"
url = "https://me:pw@download.example/whl/cpu"
priority = "explicit"
[tool.poetry.scripts]
run = "x.main:go"
`);
  expect(texts(draft.requirements)).toEqual([
    'flask>=3.0,<4', 'numpy>=1.20,<2; python_version < "3.9"', 'numpy>=1.26,<2; python_version >= "3.9"', 'torch==2.1.0', 'clip @ git+https://github.com/openai/CLIP.git@a1b2',
  ]); // prettier-ignore
  expect(texts(draft.optional.get('serve'))).toEqual(['gunicorn']);
  expect(texts(draft.optional.get('dev'))).toEqual(['pytest']);
  expect(draft.index.sources.get('torch')).toBe('https://download.example/whl/cpu');
  expect(draft.projects).toMatchObject([{ path: 'libs/lib', editable: true, line: 9 }]);
  expect(draft.requiresPython).toMatchObject({ specifiers: '>=3.10,<4', line: 4 });
  expect(draft.manager).toBe('poetry');
  expect(draft.scripts).toMatchObject([{ target: 'x.main:go' }]);
});

test('Poetry 2: what the project lists is only placed by the table of Poetry', async () => {
  const draft = await read('[project]\nname = "x"\nrequires-python = ">=3.10"\ndependencies = ["torch (>=2.2,<3)", "tool"]\n[tool.poetry.dependencies]\ntorch = {source = "cpu"}\ntool = {git = "https://git.example/tool.git"}\n[[tool.poetry.source]]\nname = "cpu"\nurl = "https://download.example/whl/cpu"\npriority = "explicit"\n[build-system]\nbuild-backend = "poetry.core.masonry.api"\n'); // prettier-ignore
  expect(texts(draft.requirements)).toEqual(['torch>=2.2,<3', 'tool @ git+https://git.example/tool.git']);
  expect([draft.manager, draft.index.sources.get('torch')]).toEqual(['poetry', 'https://download.example/whl/cpu']);
});

test('uv: sources, indexes, workspaces, constraints', async () => {
  const draft = await read(
    `[project]
name = "app"
dependencies = ["torch", "core", "tool", "plain"]
[tool.uv]
constraint-dependencies = ["numpy<2"]
dev-dependencies = ["ruff"]
[tool.uv.sources]
torch = [{ index = "pt", marker = "sys_platform == 'linux'" }, { index = "mac", marker = "sys_platform == 'darwin'" }]
core = { workspace = true }
tool = { git = "https://git.example/tool", tag = "v2" }
[[tool.uv.index]]
name = "pt"
url = "https://download.example/whl/cpu"
explicit = true
`,
    { 'packages/core/pyproject.toml': '[project]\nname = "core"\n' },
  );
  expect(texts(draft.requirements)).toEqual(['torch', 'tool @ git+https://git.example/tool@v2', 'plain']);
  expect(draft.index.sources.get('torch')).toBe('https://download.example/whl/cpu');
  expect(draft.projects).toMatchObject([{ path: 'packages/core' }]);
  expect(texts(draft.constraints)).toEqual(['numpy<2']);
  expect(draft.manager).toBe('uv');
});

test('PDM, Hatch and dynamic dependencies', async () => {
  const pdm = await read('[project]\ndependencies = ["a"]\n[tool.pdm.dev-dependencies]\ntest = ["pytest"]\n[[tool.pdm.source]]\nname = "x"\nurl = "https://x.example/simple"\n'); // prettier-ignore
  expect([pdm.manager, texts(pdm.optional.get('test')), pdm.index.extra[0]?.url]).toEqual(['pdm', ['pytest'], 'https://x.example/simple']); // prettier-ignore
  const hatch = await read('[tool.hatch.envs.default]\ndependencies = ["a"]\n[tool.hatch.envs.test]\ndependencies = ["b"]\n'); // prettier-ignore
  expect([texts(hatch.requirements), texts(hatch.optional.get('test'))]).toEqual([['a'], ['b']]);
  const dynamic = await read('[project]\nname = "x"\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\ndependencies = {file = ["requirements.txt"]}\n', { 'requirements.txt': 'flask==3.0\n' }); // prettier-ignore
  expect(texts(dynamic.requirements)).toEqual(['flask==3.0']);
});

test('a broken file is a problem with its line, not the end', async () => {
  expect((await read('[project]\nname = "x"\n[open\n')).problems).toMatchObject([{ code: 'manifest-unreadable', line: 3, severity: 'error' }]); // prettier-ignore
  expect((await read('[project]\ndependencies = [\n "flask",\n "not one"]')).problems).toMatchObject([{ code: 'invalid-requirement', line: 4 }]); // prettier-ignore
});

test('Pipenv', async () => {
  const draft = await readPipfile(
    treeOf({
      Pipfile:
        '[[source]]\nname = "main"\nurl = "https://i.example/simple"\n[packages]\nnumpy = "*"\nFlask = {version = "==2.0", extras = ["async"]}\nlib = {editable = true, path = "."}\ntorch = {version = "*", index = "main"}\nwin = {version = "*", sys_platform = "== \'win32\'"}\n[dev-packages]\npytest = "*"\n[requires]\npython_version = "3.9"',
    }),
    'Pipfile',
  );
  expect(texts(draft?.requirements)).toEqual(['numpy', 'flask[async]==2.0', 'torch']);
  expect(draft?.index.sources.get('torch')).toBe('https://i.example/simple');
  expect(draft).toMatchObject({ manager: 'pipenv', requiresPython: { specifiers: '==3.9.*', line: 13 }, projects: [{ path: '', editable: true }] }); // prettier-ignore
  expect(texts(draft?.optional.get('dev'))).toEqual(['pytest']);
});

test.each([
  ['^1.2.3', '>=1.2.3,<2'], ['^0.2.3', '>=0.2.3,<0.3'], ['^0.0.3', '>=0.0.3,<0.0.4'], ['^0', '>=0,<1'], ['~1.2', '>=1.2,<1.3'], ['~1', '>=1,<2'], ['1.2', '==1.2'], ['1.2.*', '==1.2.*'], ['*', ''], ['>=1,<2', '>=1,<2'], ['>=1 <2', '>=1,<2'], ['~=1.4', '~=1.4'], ['2.0.1+cpu', '==2.0.1+cpu'],
  ['^3.8 || ^3.10', '>=3.8,<4'], ['>=3.8,<3.9 || >=3.10,<3.13', '>=3.8,<3.13'], ['==3.9.*', '==3.9.*'], ['^2.0.0b1', '>=2.0.0b1,<3'],
])('Poetry writes %s for %s', (text, expected) => {
  expect(caret(text)).toBe(expected);
}); // prettier-ignore
