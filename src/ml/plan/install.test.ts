import { expect, test } from 'vitest';
import { readProject } from '../detect/project.ts';
import { treeOf } from '../files.ts';
import { type InstallOptions, type Needed, planInstall } from './install.ts';

const plan = async (files: Record<string, string>, options: InstallOptions = {}): Promise<Needed> =>
  planInstall(await readProject(treeOf(files)), [], options);
const codes = ({ findings }: Needed): string[] => findings.map(({ code, file, line }) => `${code} ${file}:${line}`);

test('a requirements file that pip takes is given to pip', async () => {
  const made = await plan({ 'requirements.txt': '-r a/b.txt\nflask==3.0\n', 'a/b.txt': 'numpy==1.26.4' }, { extra: ['uvicorn'] }); // prettier-ignore
  expect(made.install).toEqual({ files: ['a/b.txt', 'requirements.txt'], arguments: ['-r', 'requirements.txt', 'uvicorn'], needsProject: false, pins: [], before: null }); // prettier-ignore
  expect(made).toMatchObject({ manager: 'pip', lock: null, asked: ['numpy==1.26.4', 'flask==3.0', 'uvicorn'], decision: { why: 'requirements.txt lists 2 packages' } }); // prettier-ignore
});

test('one with traps is written out without them', async () => {
  const made = await plan({ 'requirements.txt': '--index-url https://me:pw@i.example/simple\n-f wheels\n--pre\nflask=3.0\npywin32==1\nold==1; python_version<"3.8"\nx[a]>=1; platform_machine=="x86_64"\n', 'wheels/y.whl': '' }, { python: '3.11' }); // prettier-ignore
  expect(made.install).toMatchObject({
    files: ['wheels/y.whl'], arguments: ['--index-url', 'https://i.example/simple', '--find-links', 'wheels', '--pre', 'flask==3.0', 'x[a]>=1; platform_machine=="x86_64"'],
  }); // prettier-ignore
  expect(JSON.stringify(made)).not.toContain(':pw@');
});

test.each([
  ['uv', { 'pyproject.toml': '[project]\nname="x"\ndependencies=["flask"]\n[project.optional-dependencies]\nserve=["gunicorn"]\n', 'uv.lock': '[[package]]\nname="flask"\nversion="3.0"\n[[package]]\nname="gunicorn"\nversion="22.0"\n' }, ['uv sync --frozen --no-dev --no-install-project --extra serve']],
  ['pipenv', { Pipfile: '[packages]\nflask="*"\n', 'Pipfile.lock': '{"default": {"flask": {"version": "==3.0"}}}' }, ['pipenv sync']],
] as const)('%s installs what its lock says', async (manager, files, commands) => {
  const made = await plan(files);
  expect(made.install.commands?.map((words) => words.join(' '))).toEqual(commands);
  expect(made.install.tools).toEqual([manager]);
  expect(made.install.pins).toContain('flask==3.0');
  expect(made.manager).toBe(manager);
  expect(made.findings).toEqual([]);
}); // prettier-ignore

test.each([
  ['poetry', { 'pyproject.toml': '[tool.poetry.dependencies]\nflask="^3"\n[tool.poetry.group.web.dependencies]\ngunicorn="*"\n', 'poetry.lock': '[[package]]\nname="flask"\nversion="3.0"\n[[package]]\nname="gunicorn"\nversion="22.0"\n' }, ['flask>=3,<4', 'gunicorn'], ['flask==3.0', 'gunicorn==22.0']],
  ['pdm', { 'pyproject.toml': '[project]\ndependencies=["flask"]\n', 'pdm.lock': '[[package]]\nname="flask"\nversion="3.0"\n' }, ['flask'], ['flask==3.0']],
] as const)('what a lock of %s says pip installs', async (manager, files, words, pins) => {
  const made = await plan(files);
  expect(made.install).toMatchObject({ arguments: words, pins, commands: [] });
  expect(made).toMatchObject({ manager, findings: [] });
}); // prettier-ignore

const one = (version: string, python: string): string => `[[package]]\nname = "numpy"\nversion = "${version}"\npython-versions = "${python}"\n`; // prettier-ignore

test('of several versions in a lock the one for this Python is taken', async () => {
  const files = { 'pyproject.toml': '[tool.poetry.dependencies]\nnumpy = "<2"\n', 'poetry.lock': one('1.24.4', '>=3.8') + one('1.26.4', '>=3.9') + one('2.1.0', '>=3.10') }; // prettier-ignore
  expect((await plan(files, { python: '3.8' })).install.pins).toEqual(['numpy==1.24.4']);
  expect((await plan(files, { python: '3.11' })).install.pins).toEqual(['numpy==1.26.4']);
});

test('what comes beside a lock has the version of the lock', async () => {
  const made = await plan({ 'pyproject.toml': '[project]\ndependencies=["flask"]\n', 'uv.lock': '[[package]]\nname="flask"\nversion="3.0"\n[[package]]\nname="gunicorn"\nversion="22.0"\n' }, { extra: ['gunicorn', 'uvicorn[standard]'] }); // prettier-ignore
  expect(made.install.commands?.[1]).toEqual(['uv', 'pip', 'install', 'gunicorn==22.0', 'uvicorn[standard]']);
});

test('with folders of the project pip installs what a lock says', async () => {
  const made = await plan({ 'pyproject.toml': '[tool.poetry.dependencies]\nflask="^3"\nlib={path="lib"}\n', 'lib/pyproject.toml': '[project]\nname="lib"\ndependencies=["einops"]\n[build-system]\n', 'poetry.lock': '[[package]]\nname="flask"\nversion="3.0"\n[[package]]\nname="einops"\nversion="0.7"\n' }); // prettier-ignore
  expect(made.install).toMatchObject({ arguments: ['flask>=3,<4', 'einops', './lib'], needsProject: true, pins: ['einops==0.7', 'flask==3.0'] }); // prettier-ignore
  expect(made.install.commands).toEqual([]);
});

test('what comes beside a file with digests is installed on its own', async () => {
  const made = await plan({ 'requirements.txt': 'flask==3.0 --hash=sha256:00\n' }, { extra: ['gunicorn'] });
  expect(made.install.commands).toEqual([['pip', 'install', '-r', 'requirements.txt'], ['pip', 'install', 'gunicorn']]); // prettier-ignore
  expect((await plan({ 'requirements.txt': 'flask==3.0 --hash=sha256:00\n' })).install.commands).toBeUndefined();
});

test('limits of a file that pip does not read hold all the same', async () => {
  const made = await plan({ 'requirements.txt': '-c limits.txt\nflask=3.0\n', 'limits.txt': 'werkzeug<3.1\nold<1; python_version<"3"\n' }, { python: '3.11' }); // prettier-ignore
  expect(made.install).toMatchObject({ arguments: ['flask==3.0'], pins: ['werkzeug<3.1'] });
});

test('a version that is read from git is given to the build', async () => {
  const made = await plan({ 'pyproject.toml': '[build-system]\nrequires = ["hatchling", "hatch-vcs"]\n[project]\nname="x"\ndependencies=["flask"]\n', 'src/x/__init__.py': '' }); // prettier-ignore
  expect(made.install.environment).toEqual({ SETUPTOOLS_SCM_PRETEND_VERSION: '0.0.0' });
  const setup = await plan({ 'requirements.txt': '-e .', 'setup.py': 'setup(name="x", use_scm_version=True, install_requires=[])' }); // prettier-ignore
  expect(setup.install.environment).toEqual({ SETUPTOOLS_SCM_PRETEND_VERSION: '0.0.0' });
});

test('a version that conda alone has a build of gives way to its next patch release', async () => {
  const made = await plan({ 'environment.yml': 'dependencies:\n- numpy=1.19.2\n- pandas=1.2.4\n' }, { python: '3.9' });
  expect(made.install.arguments).toEqual(['numpy==1.19.*', 'pandas==1.2.4']);
});

test('the project itself is installed after its packages', async () => {
  const dot = await plan({
    'requirements.txt': '-e .\nflask',
    'setup.py': 'setup(name="x", install_requires=["numpy"])',
  });
  expect(dot.install).toMatchObject({ arguments: ['flask', 'numpy'], needsProject: true, files: [] });
  const made = await plan({ 'requirements.txt': '.\nflask', 'setup.py': 'setup(name="x", install_requires=compute())' }); // prettier-ignore
  expect(made.install).toMatchObject({ arguments: ['flask', '.'], needsProject: true });
  const src = await plan({ 'pyproject.toml': '[build-system]\n[project]\nname="x"\ndependencies=["flask"]\n', 'src/x/__init__.py': '' }); // prettier-ignore
  expect(src.install).toMatchObject({ arguments: ['flask'], needsProject: true });
  const flat = await plan({ 'pyproject.toml': '[build-system]\n[project]\nname="x"\ndependencies=["flask"]\n', 'x/__init__.py': '' }); // prettier-ignore
  expect(flat.install.needsProject).toBe(false);
});

test('without a manifest the imports say it', async () => {
  const made = await plan({ 'app.py': 'import os, cv2\nfrom sklearn import svm\nimport helper\ntry:\n  import ujson\nexcept ImportError: pass\ndef f():\n  import yaml\n', 'helper.py': 'import numpy' }, { lastCommit: '2023-05-01' }); // prettier-ignore
  expect(made.install.arguments.toSorted()).toEqual(['numpy', 'opencv-python-headless', 'pyyaml', 'scikit-learn']);
  expect(made.install.before).toBe('2023-05-01');
  expect(codes(made)).toEqual(['no-requirements null:null']);
  expect((await plan({ 'app.py': 'print(1)' })).decision.choice).toBe('none');
});

test('a manifest that cannot be read is said, and the imports stand in for it', async () => {
  const made = await plan({ 'pyproject.toml': '<<<<<<< HEAD\n[project]\n', 'app.py': 'import flask' });
  expect(codes(made)).toEqual(['manifest-unreadable pyproject.toml:1', 'no-requirements null:null']);
  expect(made.install.arguments).toEqual(['flask']);
});

test('notebooks say what they install', async () => {
  const cells = [{ cell_type: 'code', source: '!pip install -q datasets==2.20.0 rich\nimport datasets, pandas\nfrom google.colab import drive' }]; // prettier-ignore
  const made = await plan({ 'x.ipynb': JSON.stringify({ cells, metadata: {} }) });
  expect(made.install.arguments).toEqual(['datasets==2.20.0', 'rich', 'pandas']);
});

test('an import that nothing lists is said, and installed where its name is known', async () => {
  const made = await plan({ 'requirements.txt': 'flask\npandas\n', 'app.py': 'import flask, numpy, jinja2, sklearn, strange_name\n' }); // prettier-ignore
  expect(codes(made)).toEqual(['unlisted-import app.py:1', 'unlisted-import app.py:1']);
  expect(made.findings.map(({ fix }) => fix)).toEqual(['add scikit-learn to requirements.txt', 'add strange-name to requirements.txt']); // prettier-ignore
  expect(made.install.arguments).toEqual(['-r', 'requirements.txt', 'scikit-learn']);
  expect(made.imported).toEqual(['scikit-learn']);
});

test('an import that an optional group lists comes from there', async () => {
  const made = await plan({ 'pyproject.toml': '[project]\nname="x"\ndependencies=["a"]\n[project.optional-dependencies]\nplots=["seaborn>=0.13"]\n', 'app.py': 'import seaborn' }); // prettier-ignore
  expect(made.install.arguments).toEqual(['a', 'seaborn>=0.13']);
  expect(made.findings).toEqual([]);
});

test.each([
  ['flask\nnumpy', '2022-04-18', '2022-04-18'], ['flask==2.0', '2022-04-18', '2022-04-18'], ['flask==2.0', '2026-06-01', null], ['flask', '2026-06-01', '2026-06-01'], ['flask', '2026-10-20', null], ['flask', undefined, null], ['flask', 'soon', null],
])('%j of %s is installed as of %s', async (text, lastCommit, before) => {
  expect((await plan({ 'requirements.txt': text }, { lastCommit })).install.before).toBe(before);
}); // prettier-ignore
