import { existsSync } from 'node:fs';
import { mkdir, mkdtempDisposable, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { planProject } from '#ml/plan/plan-project.ts';
import type { ProjectPlan } from '#ml/plan/plan.ts';
import { openTree } from './open-tree.ts';

// Folders that nobody should have, and some have: a plan comes of each, in time, and nothing in them is ever executed.

type Files = Readonly<Record<string, string | Uint8Array>>;

const FLASK = 'from flask import Flask\napp = Flask(__name__)\n';
const WITHIN_MS = 3000;

async function planOf(files: Files, prepare?: (root: string) => Promise<void>): Promise<ProjectPlan> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bad-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), content);
  }
  await prepare?.(folder.path);
  const start = performance.now();
  const plan = await planProject(await openTree(folder.path), { directory: 'bad' });
  expect(performance.now() - start).toBeLessThan(WITHIN_MS);
  expect(JSON.parse(JSON.stringify(plan))).toMatchObject({ schemaVersion: 1 });
  return plan;
}

function codes(plan: ProjectPlan): string[] {
  return plan.findings.map(({ code }) => code);
}

test('no Python at all: nothing to run, in words', async () => {
  const plan = await planOf({ 'index.js': 'console.log(1)', 'README.md': '# A page' });
  expect(plan.start).toBeNull();
  expect(codes(plan)).toContain('nothing-to-run');
});

test('ten apps in one folder: one is taken, and others are named', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `service_${index}.py`);
  const plan = await planOf({ 'requirements.txt': 'flask', ...Object.fromEntries(names.map((name) => [name, FLASK])) });
  const told = plan.findings.find(({ code }) => code === 'several-apps')?.message ?? '';
  expect(names).toContain(plan.start?.module);
  expect(names.filter((name) => told.includes(name)).length).toBeGreaterThan(5);
  expect(told).toContain('4 more');
});

const BROKEN: readonly (readonly [string, Files])[] = [
  ['TOML that ends in the middle', { 'pyproject.toml': '[project]\nname = "x\ndependencies = [', 'app.py': FLASK }],
  ['TOML that is nested a hundred thousand times', { 'pyproject.toml': `x = ${'['.repeat(100_000)}`, 'app.py': FLASK }],
  ['YAML with anchors that multiply', { 'environment.yml': `a: &a [1,1]\nb: &b [*a,*a,*a]\ndependencies: [*b,*b]\n`, 'app.py': FLASK }],
  ['YAML that is no YAML', { 'environment.yml': '\t- {[:\n:::\n', 'cog.yaml': '%%%', 'app.py': FLASK }],
  ['requirements that are a picture', { 'requirements.txt': new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 255, 254, 10, 13]), 'app.py': FLASK }],
  ['requirements that include themselves', { 'requirements.txt': '-r other.txt\nflask', 'other.txt': '-r requirements.txt\n-r ./other.txt', 'app.py': FLASK }],
  ['requirements that include files of the host', { 'requirements.txt': '-r /etc/passwd\n-r ../../../../etc/passwd\n-c file:///etc/shadow\nflask', 'app.py': FLASK }],
  ['ten thousand requirements', { 'requirements.txt': Array.from({ length: 10_000 }, (_, index) => `package-${index}==1.${index}`).join('\n'), 'app.py': FLASK }],
  ['names that objects of JavaScript have', { 'requirements.txt': '__proto__==1\nconstructor==2\nflask', 'constructor.py': 'import __proto__, toString\n', 'pyproject.toml': '[__proto__]\nx = 1\n[tool.constructor]\n', 'app.py': `import constructor\n${FLASK}` }],
  ['a lock that is no lock', { 'uv.lock': 'nonsense', 'poetry.lock': '{', 'Pipfile.lock': '[]', 'Pipfile': '[packages]\nflask = "*"\n', 'app.py': FLASK }],
  ['a notebook that is no notebook', { 'a.ipynb': '{"cells": [{"cell_type": "code", "source": 7}, null, 3]}', 'b.ipynb': 'not json', 'c.ipynb': '[]', 'app.py': FLASK }],
  ['Python that is no Python', { 'broken.py': 'def (:\n  ) = }}{', 'nul.py': 'a = 1\0\0\0\n', 'app.py': FLASK }],
  ['Python in one line of a megabyte', { 'data.py': `x = [${'1,'.repeat(500_000)}]`, 'app.py': FLASK }],
  ['an expression that is nested fifty thousand times', { 'deep.py': `x = ${'('.repeat(50_000)}1${')'.repeat(50_000)}\n`, 'app.py': `import deep\n${FLASK}` }],
  ['Latin-1 with its mark, and without', { 'old.py': Buffer.from('# -*- coding: latin-1 -*-\nname = "M\xfcller"\n', 'latin1'), 'worse.py': Buffer.from('name = "\xfc\xff\xfe"\n', 'latin1'), 'app.py': `import old\n${FLASK}` }],
  ['Python in UTF-16', { 'wide.py': Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('import numpy\n', 'utf16le')]), 'app.py': FLASK }],
  ['files whose names are lines of a Dockerfile', { 'a\nRUN evil.py': 'x = 1', '$(touch x).py': 'y = 1', '-rf.py': 'z = 1', 'app.py': FLASK }],
]; // prettier-ignore

test.each(BROKEN)('%s: the app is found all the same', async (_, files) => {
  const plan = await planOf(files);
  expect(plan.start).toMatchObject({ kind: 'flask', module: 'app.py' });
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test('what a Dockerfile of an odd project says is not changed by the names of its files', async () => {
  const plan = await planOf({ 'requirements.txt': 'flask\n', 'a\nRUN evil/app.py': FLASK });
  expect(JSON.stringify(plan.start?.command)).not.toContain('RUN evil\n');
});

test('links in circles, pipes and links to devices are no files', async () => {
  const plan = await planOf({ 'app.py': FLASK, 'sub/x.py': '' }, async (root) => {
    await symlink('b', join(root, 'a'));
    await symlink('a', join(root, 'b'));
    await symlink('.', join(root, 'again'));
    await symlink('../..', join(root, 'sub', 'up'));
    await symlink('/dev/zero', join(root, 'requirements.txt'));
    await symlink('/proc/self/environ', join(root, '.env'));
    await run(['mkfifo', join(root, 'pyproject.toml'), join(root, 'train.py'), join(root, 'model.pkl')]);
  });
  expect(plan.start?.module).toBe('app.py');
  expect(plan.manifest).toBeNull();
});

test('fifty gigabytes of data are not read', async () => {
  const plan = await planOf({ 'app.py': FLASK, 'requirements.txt': 'flask' }, async (root) => {
    await mkdir(join(root, 'data'));
    for (const name of ['data/all.csv', 'data/images.tar', 'model.safetensors', 'weights.pkl', 'huge.py', 'net.onnx']) {
      await writeFile(join(root, name), '');
      await truncate(join(root, name), 50 * 1024 ** 3);
    }
  });
  expect(plan.start?.module).toBe('app.py');
});

/** `os.system("touch MARKER")`, as the protocols 0 and 2 write it. */
function maliciousPickle(marker: string): Uint8Array {
  return Buffer.from(`cposix\nsystem\n(S'touch ${marker}'\ntR.`, 'latin1');
}

test('nothing of a project is executed: no pickle, notebook, setup.py or hook', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'marker-'));
  const marker = join(place.path, 'ran');
  const touch = `import os\nos.system("touch ${marker}")\n`;
  const notebook = { cells: [{ cell_type: 'code', source: [`!touch ${marker}\n`, touch] }], metadata: {}, nbformat: 4, nbformat_minor: 5 }; // prettier-ignore
  const plan = await planOf({
    'model.pkl': maliciousPickle(marker),
    'model.joblib': maliciousPickle(marker),
    'explore.ipynb': JSON.stringify(notebook),
    'setup.py': `${touch}from setuptools import setup\nsetup(install_requires=["flask"])\n`,
    'conftest.py': touch,
    'sitecustomize.py': touch,
    '.git/hooks/post-checkout': `#!/bin/sh\ntouch ${marker}\n`,
    Makefile: `$(shell touch ${marker})\n`,
    'app.py': `${touch}import pickle\nmodel = pickle.load(open("model.pkl", "rb"))\n${FLASK}`,
  });
  expect(existsSync(marker)).toBe(false);
  expect(plan.start?.module).toBe('app.py');
  expect(plan.findings).toContainEqual(expect.objectContaining({ code: 'dangerous-pickle', file: 'model.pkl' }));
});
