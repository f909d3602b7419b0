import { expect, test } from 'vitest';
import { readProject } from '../detect/project.ts';
import { pythonOfDockerfile } from '../detect/python-version.ts';
import { treeOf } from '../files.ts';
import { choosePython, type PythonChoice, type PythonWish } from './python.ts';

const choose = async (files: Record<string, string>, wish: PythonWish = {}): Promise<PythonChoice> =>
  choosePython(await readProject(treeOf(files)), wish);
const notebook = (version: string): string => JSON.stringify({ cells: [{ cell_type: 'code', source: 'import numpy' }], metadata: { language_info: { name: 'python', version } } }); // prettier-ignore

const CASES: readonly (readonly [Record<string, string>, string, string])[] = [
  [{ 'app.py': '' }, '3.11', 'nothing in the project names a version'],
  [{ '.python-version': '3.12.4\n' }, '3.12', '.python-version names it'], [{ '.python-version': '# made by pyenv\ncpython-3.10\n' }, '3.10', '.python-version'], [{ 'runtime.txt': 'python-3.9.18' }, '3.9', 'runtime.txt'], [{ '.tool-versions': 'nodejs 20\npython 3.12.1\n' }, '3.12', '.tool-versions'],
  [{ 'mise.toml': '[tools]\npython = "3.13"\n' }, '3.13', 'mise.toml'], [{ 'README.md': '---\nsdk: gradio\npython_version: "3.10"\n---\n' }, '3.10', 'README.md'], [{ '.python-version': 'my-env\n', 'runtime.txt': '3.12' }, '3.12', 'runtime.txt'],
  [{ 'pyproject.toml': '[project]\nname="x"\nrequires-python=">=3.12"' }, '3.12', 'pyproject.toml wants Python >=3.12'], [{ 'pyproject.toml': '[project]\nname="x"\nrequires-python="<3.11"' }, '3.10', '<3.11'], [{ 'pyproject.toml': '[project]\nname="x"\nrequires-python="==3.10.4"' }, '3.10', '3.10.4'],
  [{ 'pyproject.toml': '[project]\nname="x"\nrequires-python=">=3.9.1,<4"' }, '3.11', 'the usual one; fits: pyproject.toml wants'], [{ 'pyproject.toml': '[tool.poetry.dependencies]\npython = "~3.9"\na = "*"\n' }, '3.9', '>=3.9,<3.10'], [{ 'pyproject.toml': '[tool.poetry.dependencies]\npython = "3.12.*"\na = "*"\n' }, '3.12', '==3.12.*'],
  [{ Pipfile: '[packages]\na = "*"\n[requires]\npython_version = "3.9"\n' }, '3.9', 'Pipfile wants Python ==3.9.*'], [{ 'environment.yml': 'dependencies:\n- python=3.8\n- numpy\n' }, '3.8', 'environment.yml'], [{ 'cog.yaml': 'build:\n  python_version: "3.10"\n  python_packages: [a]\n' }, '3.10', 'cog.yaml'],
  [{ 'setup.py': 'setup(name="x", python_requires=">=3.6,<3.9")' }, '3.8', 'setup.py wants'], [{ 'setup.cfg': '[metadata]\nname=x\nclassifiers =\n  Programming Language :: Python :: 3.9\n  Programming Language :: Python :: 3.10\n' }, '3.10', 'lists Python 3.9, 3.10'],
  [{ 'requirements.txt': 'scikit-learn==0.24.2' }, '3.9', 'scikit-learn 0.24.2 has wheels for Python 3.6 to 3.9'], [{ 'requirements.txt': 'torch==1.13.1' }, '3.10', 'torch 1.13.1'], [{ 'requirements.txt': 'tensorflow~=1.15.0' }, '3.7', 'tensorflow ~=1.15.0'], [{ 'requirements.txt': 'tensorflow<2.11' }, '3.10', 'tensorflow <2.11'],
  [{ 'requirements.txt': 'numpy==2.5.1' }, '3.12', 'numpy 2.5.1'], [{ 'requirements.txt': 'numpy==1.19.5; python_version<"3.8"\nnumpy==1.26.4; python_version>="3.8"' }, '3.11', 'numpy'], [{ 'requirements.txt': 'torch==1.4.0\npandas' }, '3.8', 'torch 1.4.0'], [{ 'requirements.txt': 'pandas==1.4.4\ntensorflow==2.6.0' }, '3.9', 'tensorflow 2.6.0'],
  [{ 'requirements.txt': 'torch @ https://h.example/torch-1.13.1%2Bcpu-cp39-cp39-linux_x86_64.whl' }, '3.9', 'the wheel of torch that is named is for Python 3.9'],
  [{ 'app.py': 'type X = int\n' }, '3.12', 'a type statement'], [{ 'requirements.txt': 'numpy==1.24.4\nscipy==1.9.1\n' }, '3.10', 'scipy 1.9.1'], [{ 'look.ipynb': notebook('3.12.1') }, '3.12', 'look.ipynb was run with it'], [{ 'look.ipynb': notebook('3.12.1'), 'requirements.txt': 'numpy==1.23.5' }, '3.11', 'numpy 1.23.5'],
  [{ 'pyproject.toml': '[project]\nname="x"\ndependencies=["torch"]\nrequires-python=">=3.8"\n', 'uv.lock': '[[package]]\nname="torch"\nversion="2.1.2"\n[[package]]\nname="numpy"\nversion="1.26.0"\n' }, '3.11', 'pyproject.toml'],
]; // prettier-ignore

test.each(CASES)('%j gets Python %s, since %s', async (files, version, why) => {
  const made = await choose(files);
  expect(made.version).toBe(version);
  expect(made.why).toContain(why);
});

test('where it rests is named by file and line', async () => {
  expect((await choose({ 'pyproject.toml': '[project]\nname="x"\nrequires-python=">=3.12"' })).evidence).toEqual({ file: 'pyproject.toml', line: 3 }); // prettier-ignore
  expect((await choose({ '.tool-versions': 'nodejs 20\npython 3.12.1\n' })).evidence).toEqual({ file: '.tool-versions', line: 2 }); // prettier-ignore
});

test('files that name different versions are both named', async () => {
  const made = await choose({ '.python-version': '3.12\n', 'runtime.txt': 'python-3.11.4' });
  expect(made.version).toBe('3.12');
  expect(made.findings).toMatchObject([{ code: 'python-disagreement', file: 'runtime.txt', line: 1 }]);
  expect(made.findings[0]?.message).toContain('.python-version:1');
});

test('a version that a file names stays where packages can be compiled, and goes where they cannot', async () => {
  const numpy = await choose({ '.python-version': '3.13', 'requirements.txt': 'numpy==1.26.4' });
  expect(numpy.version).toBe('3.13');
  expect(numpy.findings.map(({ code }) => code)).toEqual(['python-conflict']);
  const torch = await choose({ '.python-version': '3.13', 'requirements.txt': 'flask\ntorch==2.1.0' });
  expect(torch).toMatchObject({ version: '3.11', evidence: { file: 'requirements.txt', line: 2 } });
  expect(torch.findings[0]?.message).toBe('Python 3.13 is named, but torch 2.1.0 has wheels for Python 3.8 to 3.11: 3.11 is used'); // prettier-ignore
});

test('a wish stands above everything', async () => {
  const made = await choose({ '.python-version': '3.12', 'requirements.txt': 'numpy==2.0.2' }, { version: '3.13' });
  expect(made).toMatchObject({ version: '3.13', why: 'asked for' });
  expect(made.findings.map(({ message }) => message)).toEqual(['Python 3.13 is to be used, but numpy 2.0.2 has wheels for Python 3.9 to 3.12']); // prettier-ignore
});

test('pins that no Python fits are named on both sides', async () => {
  const made = await choose({ 'requirements.txt': 'torch==1.13.1\nscikit-learn==1.8.0\n' });
  expect(made.findings[0]).toMatchObject({ code: 'python-contradiction', severity: 'error', file: 'requirements.txt', line: 1 }); // prettier-ignore
  expect(made.findings[0]?.message).toMatch(/torch 1\.13\.1.*scikit-learn 1\.8\.0/);
  expect(made.fits).toEqual([]);
});

test('where only compiling helps, the Python that is nearest to all is taken', async () => {
  const made = await choose({ 'environment.yml': 'dependencies:\n- python>=3.9\n- pytorch=1.11.0\n- numpy=1.19.2\n- pip:\n  - pillow==6.2.0\n' }); // prettier-ignore
  expect(made.version).toBe('3.9');
  expect(made.findings[0]).toMatchObject({ code: 'python-contradiction', severity: 'warning', line: 6, message: 'pillow 6.2.0 has wheels for Python 3.6 to 3.7, but environment.yml wants Python >=3.9: it is compiled for Python 3.9' }); // prettier-ignore
  const both = await choose({ 'requirements.txt': 'numpy==1.19.2\npandas==2.2.0\n' });
  expect(both).toMatchObject({ version: '3.9', why: 'pandas 2.2.0 has wheels for Python 3.9 to 3.12' });
});

test('a Python without fixes is said, with one that fits', async () => {
  const old = await choose({ 'runtime.txt': 'python-3.8.10', 'requirements.txt': 'flask==2.0' });
  expect(old.findings).toMatchObject([{ code: 'python-end-of-life', file: 'runtime.txt', line: 1 }]);
  expect(old.findings[0]?.fix).toContain('3.11');
  const stuck = await choose({ 'requirements.txt': 'tensorflow==1.15.0' });
  expect(stuck.version).toBe('3.7');
  expect(stuck.findings[0]?.fix).toBe('raise the versions that need it');
});

test.each([
  ['2022-04-18', '3.10'], ['2019-01-01', '3.7'], ['2015-01-01', '3.6'], ['2026-10-01', '3.11'], ['soon', '3.11'],
])('a project of %s gets Python %s', async (before, version) => {
  expect((await choose({ 'app.py': '' }, { before })).version).toBe(version);
}); // prettier-ignore

test('all that fit are known, the best first', async () => {
  expect((await choose({ 'requirements.txt': 'numpy==1.26.4' })).fits).toEqual(['3.11', '3.12', '3.10', '3.9']);
});

test.each([
  ['FROM python:3.9-slim', '3.9'], ['FROM node AS a\nFROM docker.io/library/python:3.12.1', '3.12'], ['ARG V=3.10\nFROM python:${V}', '3.10'], ['FROM tiangolo/uvicorn-gunicorn-fastapi:python3.9', '3.9'], ['FROM x/transformers:py310-cpu', '3.10'], ['FROM ubuntu', undefined], ['FROM python', undefined],
])('%j starts from Python %s', (text, version) => {
  expect(pythonOfDockerfile(text)).toBe(version);
}); // prettier-ignore
