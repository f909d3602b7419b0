import { expect, test } from 'vitest';
import { treeOf } from '../files.ts';
import { findManifest, type Manifest, manifestFolders, manifestFor } from './manifest.ts';

const find = async (files: Record<string, string>, folder = ''): Promise<Manifest | undefined> => findManifest(treeOf(files), folder); // prettier-ignore
const PEP621 = '[project]\nname = "x"\ndependencies = ["numpy"]\nrequires-python = ">=3.12"\n';
const POETRY = '[tool.poetry.dependencies]\npython = "^3.10"\nflask = "^3.0"\n';

test.each([
  [{ 'requirements.txt': 'flask', 'pyproject.toml': PEP621 }, 'requirements.txt', 'pip'], [{ 'pyproject.toml': PEP621, 'setup.py': 'setup()' }, 'pyproject.toml', 'pip'], [{ 'pyproject.toml': '[tool.black]\n', 'environment.yml': 'dependencies: [numpy]' }, 'environment.yml', 'conda'],
  [{ 'requirements.txt': 'flask', 'pyproject.toml': PEP621, 'uv.lock': '[[package]]\nname="numpy"\nversion="1"\n' }, 'pyproject.toml', 'uv'], [{ 'requirements.txt': 'flask', 'pyproject.toml': POETRY, 'poetry.lock': '' }, 'pyproject.toml', 'poetry'], [{ 'requirements.txt': 'flask', 'pyproject.toml': POETRY }, 'requirements.txt', 'pip'],
  [{ Pipfile: '[packages]\nflask = "*"', 'requirements.txt': 'flask', 'Pipfile.lock': '{}' }, 'Pipfile', 'pipenv'], [{ 'requirements.txt': 'flask', 'environment.yml': 'dependencies: [numpy]' }, 'requirements.txt', 'pip'], [{ 'requirements.txt': '', 'environment.yml': 'dependencies: [numpy]' }, 'environment.yml', 'conda'],
  [{ 'cog.yaml': 'build:\n  python_packages: [torch]', 'requirements.txt': 'flask' }, 'cog.yaml', 'pip'], [{ 'cog.yaml': 'predict: p.py:P', 'requirements.txt': 'flask' }, 'requirements.txt', 'pip'], [{ 'setup.py': 'setup(install_requires=["a"])' }, 'setup.py', 'pip'],
  [{ 'requirement.txt': 'flask' }, 'requirement.txt', 'pip'], [{ 'Requirements.txt': 'flask' }, 'Requirements.txt', 'pip'], [{ 'requirements-dev.txt': 'pytest', 'requirements-prod.txt': 'flask' }, 'requirements-prod.txt', 'pip'], [{ 'requirements/base.txt': 'a', 'requirements/prod.txt': 'flask', 'requirements/dev.txt': 'b' }, 'requirements/prod.txt', 'pip'],
  [{ 'requirements/base.txt': 'a', 'requirements/cpu.txt': '-r base.txt\ntorch', 'requirements/gpu.txt': '-r base.txt\ntorch' }, 'requirements/cpu.txt', 'pip'], [{ 'requirements.txt': 'a', 'requirements-cpu.txt': '-r requirements.txt\nb' }, 'requirements.txt', 'pip'], [{ 'requirements/base.txt': 'a', 'requirements/gpu.txt': '-r base.txt' }, 'requirements/base.txt', 'pip'],
  [{ 'requirements-gpu.txt': 'torch', 'requirements-cpu.txt': 'torch' }, 'requirements-cpu.txt', 'pip'], [{ 'requirements.in': 'flask', 'requirements.txt': 'flask==3' }, 'requirements.txt', 'pip'], [{ 'requirements.in': 'flask' }, 'requirements.in', 'pip'], [{ 'reqs.txt': 'a' }, 'reqs.txt', 'pip'], [{ 'app_requirements.txt': 'a', 'test_requirements.txt': 'b' }, 'app_requirements.txt', 'pip'],
  [{ 'requirements.txt': 'a', 'requirements-serve.txt': 'b', Dockerfile: 'FROM python\nCOPY . .\nRUN pip install -r requirements-serve.txt' }, 'requirements-serve.txt', 'pip'], [{ Dockerfile: 'FROM python\nRUN pip install flask==3.0 "gunicorn"' }, 'Dockerfile', 'pip'],
  [{ 'backend/requirements.txt': 'a', 'backend/app.py': '' }, 'backend/requirements.txt', 'pip'], [{ 'app.py': '', 'deploy/requirements.txt': 'a' }, 'deploy/requirements.txt', 'pip'], [{ 'notes.txt': 'requirements' }, undefined, undefined], [{ 'pyproject.toml': '[tool.black]\n' }, undefined, undefined], [{ 'app.py': '', 'tool/requirements.txt': 'a', 'tool/x.py': '' }, undefined, undefined],
] as const)('of %j counts %s', async (files, path, manager) => {
  const found = await find(files);
  expect([found?.path, found?.manager]).toEqual([path, manager]);
}); // prettier-ignore

test('what the chosen manifest leaves open others say', async () => {
  const found = await find({ 'requirements.txt': 'flask', 'pyproject.toml': PEP621, 'apt.txt': 'ffmpeg\n# x\nlibgl1 git', 'environment.yml': 'dependencies: [cudatoolkit=11.3]' }); // prettier-ignore
  expect(found?.requiresPython?.specifiers).toBe('>=3.12');
  expect(found?.systemPackages.map(({ name, line }) => [name, line])).toEqual([['ffmpeg', 1], ['libgl1', 3], ['git', 3]]); // prettier-ignore
  expect(found?.gpu?.what).toBe('cudatoolkit=11.3');
  expect((await find({ 'requirements.txt': 'a', 'packages.txt': 'torch==2.0' }))?.systemPackages).toEqual([]);
});

test('extras and groups that serve are installed, those of development are not', async () => {
  const found = await find({ 'pyproject.toml': '[project]\nname = "x"\ndependencies = ["a"]\n[project.optional-dependencies]\nserve = ["fastapi"]\ndev = ["pytest"]\n[dependency-groups]\nweb = ["uvicorn"]\n' }); // prettier-ignore
  expect(found?.requirements.map(({ name }) => name)).toEqual(['a', 'fastapi', 'uvicorn']);
  expect(found?.included).toEqual(['serve', 'web']);
});

test('for a GPU the files and groups made for it count', async () => {
  const files = treeOf({ 'requirements-cpu.txt': 'torch', 'requirements-gpu.txt': 'onnxruntime-gpu' });
  expect((await findManifest(files, '', 'gpu'))?.path).toBe('requirements-gpu.txt');
  expect((await findManifest(files))?.path).toBe('requirements-cpu.txt');
  const groups = treeOf({ 'pyproject.toml': '[project]\ndependencies = ["a"]\n[project.optional-dependencies]\ngpu = ["b"]\ncpu = ["c"]\n' }); // prettier-ignore
  expect((await manifestFor(groups, 'x.py', 'gpu'))?.included).toEqual(['gpu']);
  expect((await manifestFor(groups, 'x.py'))?.included).toEqual(['cpu']);
});

test('pins that exclude each other are named with both places', async () => {
  const found = await find({ 'requirements.txt': 'numpy==1.26.4\nflask\n-r more.txt\n', 'more.txt': 'x\nnumpy>=2\n' });
  expect(found?.problems).toMatchObject([{ code: 'contradictory-pins', severity: 'error', file: 'more.txt', line: 2 }]);
  expect(found?.problems[0]?.message).toBe('numpy>=2 (more.txt:2) and numpy==1.26.4 (requirements.txt:1) exclude each other'); // prettier-ignore
  const apart = await find({ 'requirements.txt': 'numpy==1.21; python_version<"3.9"\nnumpy==1.26; python_version>="3.9"\nnumpy\n' }); // prettier-ignore
  expect(apart?.problems).toEqual([]);
});

test('manifests that disagree are named', async () => {
  const found = await find({ 'requirements.txt': 'torch==2.1.0\n', 'environment.yml': 'dependencies:\n- pytorch=1.13.1\n' }); // prettier-ignore
  expect(found?.problems).toMatchObject([{ code: 'manifests-disagree', file: 'environment.yml', line: 2 }]);
});

test('a lock belongs to its manifest, and is compared with it', async () => {
  const lock = '[[package]]\nname = "flask"\nversion = "2.0"\n';
  const found = await find({ 'pyproject.toml': '[tool.poetry.dependencies]\nflask = "^3.0"\nnew = "*"\n', 'poetry.lock': lock }); // prettier-ignore
  expect(found?.lock).toMatchObject({ path: 'poetry.lock', kind: 'poetry.lock' });
  expect(found?.problems.map(({ code, line }) => [code, line])).toEqual([['lock-outdated', 2], ['lock-outdated', 3]]); // prettier-ignore
  const broken = await find({ 'pyproject.toml': PEP621, 'uv.lock': '[[package\n' });
  expect([broken?.lock, broken?.problems[0]?.code]).toEqual([undefined, 'lock-unreadable']);
});

test('the project itself brings what it needs', async () => {
  const found = await find({ 'requirements.txt': '-e .[web]\npytest', 'setup.py': 'setup(name="x", install_requires=["a==1"], extras_require={"web": ["b"]}, python_requires=">=3.9")' }); // prettier-ignore
  expect(found?.requirements.map(({ name }) => name)).toEqual(['pytest', 'a', 'b']);
  expect(found?.projects).toMatchObject([{ path: '', isRead: true }]);
  expect(found?.requiresPython?.specifiers).toBe('>=3.9');
});

test('a Space brings the package of its kind', async () => {
  const found = await find({ 'README.md': '---\nsdk: gradio\nsdk_version: 4.44.0\n---\n', 'requirements.txt': 'torch\n' }); // prettier-ignore
  expect(found?.requirements.at(-1)).toMatchObject({ name: 'gradio', specifiers: '==4.44.0', file: 'README.md', line: 3 });
}); // prettier-ignore

test('Pixi', async () => {
  const pixi = '[dependencies]\npython = ">=3.11,<3.13"\npytorch = "2.3.*"\nffmpeg = "*"\n[pypi-dependencies]\neinops = ">=0.7"\nhere = { path = ".", editable = true }\n'; // prettier-ignore
  const found = await find({ 'pixi.toml': pixi });
  expect(found).toMatchObject({ kind: 'conda', path: 'pixi.toml', requiresPython: { specifiers: '>=3.11,<3.13', line: 2 }, projects: [{ path: '' }] }); // prettier-ignore
  expect(found?.requirements.map(({ name, specifiers }) => name + specifiers)).toEqual(['torch==2.3.*', 'einops>=0.7']);
  expect(found?.systemPackages).toMatchObject([{ name: 'ffmpeg' }]);
});

test('a project that pip freeze wrote down as a link is the folder itself', async () => {
  const found = await find({ 'requirements.txt': 'flask==3.0\n-e git+https://git.example/me/x.git@abc#egg=x\n', 'setup.py': 'setup(name="x", install_requires=["flask"])' }); // prettier-ignore
  expect(found?.requirements.map(({ name }) => name)).toEqual(['flask']);
  expect(found?.projects).toMatchObject([{ path: '', isRead: true }]);
  expect(found?.problems).toMatchObject([{ code: 'own-link', line: 2 }]);
});

test('the nearest manifest above a file counts', async () => {
  const tree = treeOf({ 'requirements.txt': 'a', 'svc/requirements.txt': 'b', 'svc/app/main.py': '', 'tests/requirements.txt': 'c', 'web/package.json': '{}' }); // prettier-ignore
  expect((await manifestFor(tree, 'svc/app/main.py'))?.path).toBe('svc/requirements.txt');
  expect((await manifestFor(tree, 'other/main.py'))?.path).toBe('requirements.txt');
  expect(manifestFolders(tree)).toEqual(['svc']);
});
