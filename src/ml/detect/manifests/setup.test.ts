import { expect, test } from 'vitest';
import { treeOf } from '../../files.ts';
import { readCog } from './cog.ts';
import type { Draft } from './contract.ts';
import { installedByShell } from './installed-by-shell.ts';
import { readSetup } from './local-projects.ts';

const read = async (files: Record<string, string>): Promise<Draft> => {
  const draft = await readSetup(treeOf(files), '');
  if (draft === undefined) throw new Error('nothing was read');
  return draft;
};
const texts = (list: Draft['requirements'] | undefined): string[] => (list ?? []).map(({ name, specifiers, line }) => `${line}: ${name}${specifiers}`); // prettier-ignore

test('setup.py: lists in variables, added, with extras and scripts', async () => {
  const draft = await read({
    'setup.py': `from setuptools import setup, find_packages
import torch  # never imported here
BASE = ["numpy>=1.20",
        "pandas"]  # why
EXTRA = {"serve": ["flask"], "all": BASE}
setup(
    name="My_Tool",
    python_requires=">=3.8, <3.12",
    install_requires=BASE + ['scipy==1.9'],
    extras_require=EXTRA,
    entry_points={"console_scripts": ["tool = my_tool.cli:main"]},
    classifiers=["Programming Language :: Python :: 3.9"],
)
`,
  });
  expect(texts(draft.requirements)).toEqual(['3: numpy>=1.20', '4: pandas', '9: scipy==1.9']);
  expect(texts(draft.optional.get('serve'))).toEqual(['5: flask']);
  expect(draft.requiresPython).toEqual({ specifiers: '>=3.8, <3.12', file: 'setup.py', line: 8 });
  expect(draft).toMatchObject({ packageName: 'my-tool', scripts: [{ name: 'tool', target: 'my_tool.cli:main', line: 11 }], needsProject: false }); // prettier-ignore
});

test.each([
  ['with open("requirements.txt") as f:\n    required = f.read().splitlines()\nsetup(install_requires=required)'],
  ['def load(name):\n    return [l for l in open(name)]\nsetup(install_requires=load("requirements.txt"))'],
  ['def reqs():\n    here = os.path.join(os.path.dirname(__file__), "requirements.txt")\n    return open(here).readlines()\nsetuptools.setup(install_requires=reqs())'],
  ['setup(**{"install_requires": [x.strip() for x in open("requirements.txt")]})'],
  ['kw = dict(name="x", install_requires=open("requirements.txt").read().split())\nsetup(**kw)'],
])('%j reads the file that it names', async (text) => {
  expect(texts((await read({ 'setup.py': text, 'requirements.txt': 'flask==2.0' })).requirements)).toEqual(['1: flask==2.0']);
}); // prettier-ignore

test('what a setup.py makes when it is run is said, and the project is needed to install', async () => {
  const draft = await read({ 'setup.py': 'setup(name="x", install_requires=compute())' });
  expect(draft.needsProject).toBe(true);
  expect(draft.problems).toMatchObject([{ code: 'setup-runs-code', severity: 'note' }]);
});

test('setup.cfg with a bare setup.py', async () => {
  const draft = await read({
    'setup.py': 'from setuptools import setup\nsetup()\n',
    'setup.cfg':
      '[metadata]\nname = air\n[options]\npython_requires = >=3.10\ninstall_requires =\n    dash==2.17.1\n    pandas  # tables\n    gunicorn; sys_platform != "win32"\n[options.extras_require]\ndev =\n    pytest\n[options.entry_points]\nconsole_scripts =\n    air = air.cli:main\n',
  });
  expect(draft.path).toBe('setup.cfg');
  expect(texts(draft.requirements)).toEqual(['6: dash==2.17.1', '7: pandas', '8: gunicorn']);
  expect(draft).toMatchObject({ packageName: 'air', requiresPython: { specifiers: '>=3.10', line: 4 }, scripts: [{ target: 'air.cli:main' }] }); // prettier-ignore
});

test('files without a call of setup, broken ones and deep ones say nothing', async () => {
  for (const text of ['print(1)', 'def (', `setup(install_requires=${'('.repeat(1000)}`, 'x = x\nsetup(install_requires=x)'])
    expect((await readSetup(treeOf({ 'setup.py': text }), ''))?.requirements ?? []).toEqual([]);
}); // prettier-ignore

test('cog.yaml', async () => {
  const draft = await readCog(
    treeOf({
      'cog.yaml':
        'build:\n  gpu: true\n  python_version: "3.10"\n  system_packages:\n    - ffmpeg\n    - libgl1\n  python_packages:\n    - torch==2.0.1\n  python_requirements: r.txt\n  run:\n    - pip install -q git+https://git.example/x.git\n    - command: echo hi\npredict: "predict.py:Predictor"\n',
      'r.txt': 'pillow==10.0.0\n',
    }),
    'cog.yaml',
  );
  expect(draft?.requirements.map(({ name }) => name)).toEqual(['pillow', 'torch', 'x']);
  expect(draft).toMatchObject({
    kind: 'cog', path: 'cog.yaml', requiresPython: { specifiers: '==3.10.*', line: 3 }, gpu: { line: 2 }, entry: { kind: 'predict', target: 'predict.py:Predictor', line: 13 },
    systemPackages: [{ name: 'ffmpeg', line: 5 }, { name: 'libgl1', line: 6 }], readByPip: false,
  }); // prettier-ignore
});

test('what a line of shell installs', () => {
  expect(installedByShell('apt-get update && apt-get install -y --no-install-recommends git ffmpeg && pip3 install --no-cache-dir -r a.txt "flask>=2" torch --index-url https://i.example && python -m pip install -e . && pip install $X `y`')).toEqual({
    requirements: ['flask>=2', 'torch', '-e .'], files: ['a.txt'], options: ['--index-url', 'https://i.example'], debian: ['git', 'ffmpeg'],
  });
}); // prettier-ignore
