import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConflictError } from '#lib/errors.ts';
import { initProject, requireWritten } from './init-files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'b-init-'));
  await writeFile(join(folder, 'requirements.txt'), 'flask==3.0.0\ngunicorn==22.0.0\n');
  await writeFile(join(folder, 'app.py'), 'from flask import Flask\napp = Flask(__name__)\n');
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const OPTIONS = { force: false, classic: false, dryRun: false };

async function states(options: Partial<typeof OPTIONS> = {}): Promise<Record<string, string>> {
  const { files } = await initProject(folder, { ...OPTIONS, ...options });
  return Object.fromEntries(files.map(({ path, state }) => [path, state]));
}

test('a Dockerfile and an ignore file; written again, they are the same', async () => {
  expect(await states({ dryRun: true })).toEqual({ Dockerfile: 'new', '.dockerignore': 'new' });
  expect(await states({ dryRun: true })).toEqual({ Dockerfile: 'new', '.dockerignore': 'new' });
  expect(await states()).toEqual({ Dockerfile: 'new', '.dockerignore': 'new' });
  expect(await readFile(join(folder, 'Dockerfile'), 'utf8')).toContain('gunicorn');
  expect(await states()).toEqual({ Dockerfile: 'same' });
});

test('what is there and different is shown and left alone, and nothing else is written', async () => {
  await writeFile(join(folder, 'Dockerfile'), 'FROM python:3.11\n');
  const result = await initProject(folder, OPTIONS);
  expect(result.files.find(({ path }) => path === 'Dockerfile')?.diff).toContain('-FROM python:3.11\n');
  expect(() => requireWritten(result)).toThrow(ConflictError);
  expect(await readFile(join(folder, 'Dockerfile'), 'utf8')).toBe('FROM python:3.11\n');
  await expect(readFile(join(folder, '.dockerignore'))).rejects.toThrow('ENOENT');
  expect(await states({ force: true })).toEqual({ Dockerfile: 'changed', '.dockerignore': 'new' });
  expect(await readFile(join(folder, 'Dockerfile'), 'utf8')).toContain('gunicorn');
});

test('an own ignore file stays, and a link is not written through', async () => {
  await writeFile(join(folder, '.dockerignore'), 'data\n');
  await mkdir(join(folder, 'elsewhere'));
  await symlink('elsewhere/target', join(folder, 'Dockerfile'));
  await expect(initProject(folder, { ...OPTIONS, force: true })).rejects.toThrow();
  await expect(readFile(join(folder, 'elsewhere/target'))).rejects.toThrow('ENOENT');
});

test('a manifest with a password is installed from without it, and not copied', async () => {
  await writeFile(join(folder, 'requirements.txt'), '-i https://me:s3cret@pkg.example.org/simple\nflask==3.0.0\n');
  expect(Object.keys(await states())).toEqual(['Dockerfile', '.dockerignore']);
  const texts = await Promise.all(
    ['Dockerfile', '.dockerignore'].map((path) => readFile(join(folder, path), 'utf8')),
  );
  expect(texts.join('')).not.toContain('s3cret');
  expect(texts[0]).toContain('--mount=type=secret,id=netrc');
  expect(texts[1]).toMatch(/^requirements\.txt$/m);
}); // prettier-ignore

test('several services get a Dockerfile each, and a compose file where there is none; written again, all are the same', async () => {
  for (const name of ['api', 'page']) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'requirements.txt'), 'flask==3.0.0\ngunicorn==22.0.0\n');
    await writeFile(join(folder, name, 'app.py'), 'from flask import Flask\napp = Flask(__name__)\n');
  }
  await rm(join(folder, 'app.py'));
  await rm(join(folder, 'requirements.txt'));
  const first = await states();
  expect(Object.keys(first)).toEqual(expect.arrayContaining(['api/Dockerfile', 'page/Dockerfile', 'compose.yaml']));
  expect(new Set(Object.values(await states()))).toEqual(new Set(['same']));
  await writeFile(join(folder, 'compose.yaml'), 'services: {}\n');
  expect(Object.keys(await states())).not.toContain('compose.yaml');
});
