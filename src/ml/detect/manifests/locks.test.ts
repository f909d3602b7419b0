import { expect, test } from 'vitest';
import { treeOf } from '../../files.ts';
import { findLock, type FoundLock } from './locks.ts';

const lockOf = async (name: string, text: string): Promise<FoundLock> => {
  const found = await findLock(treeOf({ [name]: text }), '');
  if (found === undefined) throw new Error('no lock was found');
  return found;
};
const lines = ({ packages }: FoundLock): string[] => packages.map(({ name, version, marker, url, line }) => `${line}: ${name}==${version}${url === undefined ? '' : ` @ ${url}`}${marker === '' ? '' : `; ${marker}`}`); // prettier-ignore

test('uv.lock', async () => {
  const lock = await lockOf('uv.lock', `version = 1
requires-python = ">=3.11"

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }

[[package]]
name = "torch"
version = "2.5.1"
source = { registry = "https://i.example/simple" }
resolution-markers = ["sys_platform == 'darwin'"]
wheels = [{ url = "https://i.example/torch.whl", hash = "sha256:ab" }]

[[package]]
name = "Clip_Tool"
version = "1.0"
source = { git = "https://me:pw@git.example/clip?tag=v1#abcdef" }
`); // prettier-ignore
  expect(lines(lock)).toEqual([
    "9: torch==2.5.1; (sys_platform == 'darwin')",
    '16: clip-tool==1.0 @ git+https://git.example/clip@abcdef',
  ]);
  expect(lock).toMatchObject({ kind: 'uv.lock', manager: 'uv', requiresPython: '>=3.11', trouble: undefined });
});

test('poetry.lock, of both generations', async () => {
  const lock = await lockOf('poetry.lock', `[[package]]
name = "numpy"
version = "1.26.4"
groups = ["main"]
markers = "python_version >= \\"3.9\\""
[[package]]
name = "x"
version = "1"
[package.source]
type = "git"
url = "https://git.example/x.git"
resolved_reference = "abc"
[[package]]
name = "here"
version = "0"
[package.source]
type = "directory"
url = "libs/here"
[[package]]
name = "torch"
version = "2.1.0+cpu"
[package.source]
type = "legacy"
url = "https://download.example/whl/cpu"
reference = "cpu"
[metadata]
python-versions = "^3.10"
`); // prettier-ignore
  expect(lines(lock)).toEqual(['1: numpy==1.26.4; python_version >= "3.9"', '6: x==1 @ git+https://git.example/x.git@abc', '19: torch==2.1.0+cpu']);
  expect(lock.requiresPython).toBe('^3.10');
}); // prettier-ignore

test.each([
  ['pdm.lock', '[metadata]\n[[package]]\nname = "a"\nversion = "1"\nmarker = "os_name == \\"posix\\""\n', ['2: a==1; os_name == "posix"']],
  ['pylock.toml', 'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1"\n[[packages]]\nname = "b"\n[packages.directory]\npath = "."\n', ['2: a==1']],
  ['Pipfile.lock', '{"_meta": {"requires": {"python_version": "3.9"}},\n "default": {\n  "Flask": {"version": "==2.0", "markers": "python_version >= \'3\'"}}, "develop": {"pytest": {"version": "==7"}}}', ["3: flask==2.0; python_version >= '3'"]],
  ['requirements.lock', '# made\n-e file:.\nflask==3.0.0\n    # via app\nnumpy==1.26.4 \\\n    --hash=sha256:00\nopen>=1\n', ['3: flask==3.0.0', '5: numpy==1.26.4']],
  ['conda-lock.yml', 'version: 1\npackage:\n- name: numpy\n  version: 1.26.4\n  manager: conda\n  platform: linux-64\n- name: numpy\n  version: 1.26.3\n  manager: conda\n  platform: osx-64\n- name: einops\n  version: 0.7.0\n  manager: pip\n  platform: linux-64\n', ['3: numpy==1.26.4', '11: einops==0.7.0']],
] as const)('%s', async (name, text, expected) => {
  expect(lines(await lockOf(name, text))).toEqual(expected);
}); // prettier-ignore

test.each([
  ['uv.lock', '[[package]\n', 1],
  ['Pipfile.lock', '{', 1],
  ['conda-lock.yml', 'a: 1\n\tb: 2', 2],
])('a broken %s is said with its line', async (name, text, line) => {
  expect((await lockOf(name, text)).trouble).toMatchObject({ line });
});

test('without a lock there is none', async () => {
  expect(await findLock(treeOf({ 'a/uv.lock': '' }), '')).toBeUndefined();
  expect(await findLock(treeOf({ 'a/uv.lock': '' }), 'a')).toMatchObject({ path: 'a/uv.lock', packages: [] });
});
