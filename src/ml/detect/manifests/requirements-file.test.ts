import { expect, test } from 'vitest';
import { treeOf } from '../../files.ts';
import type { Draft } from './contract.ts';
import { readRequirementsFile } from './requirements-file.ts';

const read = async (files: Record<string, string | Uint8Array> | string): Promise<Draft> =>
  readRequirementsFile(treeOf(typeof files === 'string' ? { 'requirements.txt': files } : files), 'requirements.txt');

const names = ({ requirements }: Draft): string[] => requirements.map(({ name, specifiers }) => name + specifiers);
const codes = ({ problems }: Draft): string[] => problems.map(({ code, line }) => `${code}:${line}`);

test('a file is read with what it includes, limits apart', async () => {
  const draft = await read({
    'requirements.txt': '-r base.txt\n-c limits/constraints.txt\n# comment\nFlask==3.1.2 # web\nscikit_learn[extra] >=1.5, <2 ; python_version >= "3.9"\ntorch==2.5.1 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def\n',
    'base.txt': 'numpy==2.0.2\n-r requirements.txt\n--requirement=more/x.txt\n',
    'more/x.txt': '-r ../base.txt\npandas',
    'limits/constraints.txt': 'scipy<2\n',
  }); // prettier-ignore
  expect(draft.requirements.map(({ name, specifiers, file, line }) => [name + specifiers, file, line])).toEqual([
    ['numpy==2.0.2', 'base.txt', 1], ['pandas', 'more/x.txt', 2], ['flask==3.1.2', 'requirements.txt', 4], ['scikit-learn>=1.5,<2', 'requirements.txt', 5], ['torch==2.5.1', 'requirements.txt', 6],
  ]); // prettier-ignore
  expect(draft.constraints.map(({ name }) => name)).toEqual(['scipy']);
  expect(draft.files).toEqual(['requirements.txt', 'base.txt', 'more/x.txt', 'limits/constraints.txt']);
  expect({ problems: draft.problems, readByPip: draft.readByPip }).toEqual({ problems: [], readByPip: true });
});

test('options are taken apart', async () => {
  const draft = await read(
    '-i https://a.example/simple\n--extra-index-url https://b.example/simple\n--extra-index-url=https://c.example/whl\n-f https://d.example/x.html\n--find-links wheels\n--pre\n--no-binary :all:\n--only-binary=Foo_Bar,b\n--prefer-binary\nx\n',
  );
  expect(draft.index).toMatchObject({
    index: { url: 'https://a.example/simple', line: 1 },
    extra: [{ url: 'https://b.example/simple' }, { url: 'https://c.example/whl', line: 3 }],
    findLinks: [{ url: 'https://d.example/x.html' }, { url: 'wheels' }],
    preReleases: true, noBinary: [':all:'], onlyBinary: ['foo-bar', 'b'],
  }); // prettier-ignore
  expect(draft.readByPip).toBe(true);
});

test.each([
  ['numpy=1.2', 'malformed-requirement:1', ['numpy==1.2']], ['hello big world', 'invalid-requirement:1', []], ['flask\n-r ../outside.txt', 'include-outside:2', ['flask']], ['-r missing.txt\nflask', 'include-missing:1', ['flask']],
  ['-r https://h.example/r.txt\nflask', 'include-remote:1', ['flask']], ['os\nflask', 'not-a-package:1', ['flask']], ['sqlite3', 'not-a-package:1', []], ['pkg-resources==0.0.0\nflask', 'not-a-package:1', ['flask']], ['anaconda-client==1.9', 'not-a-package:1', []],
  ['flask\npywin32==306', 'platform-requirement:2', ['flask']], ['pyobjc-core==9', 'platform-requirement:1', []], ['sklearn', 'import-name:1', ['scikit-learn']], ['pytorch==2.1', 'import-name:1', ['torch==2.1']], ['cv2==4.8', 'import-name:1', ['opencv-python-headless']],
  ['certifi @ file:///croot/certifi_1671487769961/work/certifi', 'machine-path:1', ['certifi']], ['numpy @ file:///tmp/numpy-1.21.2-cp39-cp39-linux_x86_64.whl#sha256=ab', 'machine-path:1', ['numpy==1.21.2']], ['-e /home/me/lib', 'local-path-missing:1', []],
  ['C:\\Users\\me\\torch-1.9.0-cp38-none-win_amd64.whl', 'machine-path:1', ['torch==1.9.0']], ['./wheels/x-1.0-py3-none-any.whl', 'machine-path:1', ['x==1.0']], ['--frobnicate x\nflask', 'unknown-option:1', ['flask']], ['--trusted-host h.example\nflask', 'trusted-host:1', ['flask']],
  ['-i http://h.example/simple\nflask', 'insecure-index:1', ['flask']], [`${'a'.repeat(9000)}\nflask`, 'line-too-long:1', ['flask']], ['python==3.8\nflask', 'not-a-package:1', ['flask']], ['dgl -f https://d.example/repo.html\nx', 'malformed-requirement:1', ['dgl', 'x']], ['hydra>=1 --no-deps', 'malformed-requirement:1', ['hydra>=1']],
  ['git+ssh://git@git.example/me/x.git', 'link-without-https:1', ['x']], ['x @ git+git://git.example/x', 'link-without-https:1', ['x']], ['git+git@git.example:me/x.git', 'link-without-https:1', ['x']],
] as const)('%j: %s', async (text, code, expected) => {
  const draft = await read(text);
  expect(codes(draft)).toEqual([code]);
  expect(names(draft)).toEqual(expected);
}); // prettier-ignore

test('requirements of other systems are left out without a word, those of some Pythons are kept', async () => {
  const draft = await read(
    'pywin32==306; sys_platform == "win32"\ncolorama; platform_system=="Windows"\nnumpy==1.21; python_version<"3.8"\nnumpy==1.26; python_version>="3.8"\n',
  );
  expect(names(draft)).toEqual(['numpy==1.21', 'numpy==1.26']);
  expect(codes(draft)).toEqual([]);
});

test('what pip list and conda list print is understood', async () => {
  expect(names(await read('Package    Version\n---------- -------\nflask      2.0.1\nnumpy      1.21.0\n'))).toEqual(['flask==2.0.1', 'numpy==1.21.0']); // prettier-ignore
  expect(names(await read('# platform: linux-64\n_libgcc_mutex=0.1=main\nnumpy=1.21.0=py39h1_0\nflask=2.0.1=pyhd3eb1b0_0\npytorch=1.9.0=py3.8_cuda\nrich=10.1=pypi_0\n'))).toEqual(['numpy==1.21.0', 'flask==2.0.1', 'torch==1.9.0', 'rich==10.1']); // prettier-ignore
});

test('an explicit list of conda', async () => {
  const draft = await read('@EXPLICIT\nhttps://conda.example/linux-64/numpy-1.21.2-py39_0.conda\nhttps://conda.example/noarch/libgcc-ng-9.3.0-h51_1.tar.bz2#abc\nhttps://conda.example/noarch/scikit-learn-1.0-py_0.conda\n'); // prettier-ignore
  expect([names(draft), codes(draft)]).toEqual([['numpy==1.21.2', 'scikit-learn==1.0'], ['conda-list:1']]);
});

test('the project itself, folders and wheels of it', async () => {
  const draft = await read({
    'requirements.txt': '-e .[serve]\n./libs/a\nlibs/a\n-e src\n./wheels/b-1.0-py3-none-any.whl\n',
    'libs/a/setup.py': '', 'src/x.py': '', 'wheels/b-1.0-py3-none-any.whl': 'PK',
  }); // prettier-ignore
  expect(draft.projects.map(({ path, extras, editable }) => [path, extras.join(), editable])).toEqual([
    ['', 'serve', true], ['libs/a', '', false], ['libs/a', '', false], ['src', '', true], ['wheels/b-1.0-py3-none-any.whl', '', false],
  ]); // prettier-ignore
  expect(draft.files).toContain('wheels/b-1.0-py3-none-any.whl');
});

test('passwords are taken off, said and never kept', async () => {
  const draft = await read(
    '--extra-index-url https://me:s3cret@packages.example/simple\nlib @ git+https://ghp_s3cret@git.example/lib.git@v1\nother @ git+https://${GIT_TOKEN}@git.example/other.git\nssh @ git+ssh://git@git.example/x.git\n',
  );
  expect(draft.index.extra[0]?.url).toBe('https://packages.example/simple');
  expect(draft.requirements.map(({ url }) => url)).toEqual(['git+https://git.example/lib.git@v1', 'git+https://${GIT_TOKEN}@git.example/other.git', 'git+https://git.example/x.git']); // prettier-ignore
  expect(draft.credentials.map(({ kind, name, line }) => [kind, name, line])).toEqual([['password', 'packages.example', 1], ['password', 'git.example', 2], ['variable', 'GIT_TOKEN', 3]]); // prettier-ignore
  expect(codes(draft)).toEqual(['secret-in-requirements:1', 'secret-in-requirements:2', 'link-without-https:4']);
  expect(JSON.stringify([...draft.requirements, draft.index, draft.problems, draft.credentials])).not.toContain(
    's3cret',
  );
  expect(draft.readByPip).toBe(false);
});

test('carriage returns, blank files and files without an end', async () => {
  expect(names(await read('flask\r\nnumpy\r\n'))).toEqual(['flask', 'numpy']);
  expect(names(await read('flask\rnumpy'))).toEqual(['flask', 'numpy']);
  expect(names(await read('flask \\'))).toEqual(['flask']);
  expect(await read('\n\n# nothing\n')).toMatchObject({ requirements: [], problems: [] });
});

test('what is no text, is too long or does not end is said and survived', async () => {
  expect(codes(await read(`PK\u0003\u0004\0\0${'\u0001'.repeat(500)}`))).toEqual(['not-text:1']);
  const many = await read(Array.from({ length: 10_000 }, (_, index) => `package-${index}==1.0`).join('\n'));
  expect(many.requirements).toHaveLength(10_000);
  const wrong = await read(Array.from({ length: 10_000 }, (_, index) => `what is this ${index}`).join('\n'));
  expect(wrong.problems).toHaveLength(3);
  expect(wrong.problems[2]?.message).toContain('9998 more lines like these: not a requirement');
  const chain = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`r${index}.txt`, `-r r${index + 1}.txt\np${index}`])); // prettier-ignore
  expect(codes(await read({ 'requirements.txt': '-r r0.txt', ...chain }))).toContain('too-many-includes:1');
  const tree = treeOf({ 'requirements.txt': 'x' });
  const large = { ...tree, read: async () => undefined };
  expect(codes(await readRequirementsFile(large, 'requirements.txt'))).toEqual(['file-too-large:1']);
});
