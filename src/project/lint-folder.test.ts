import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lintFolder } from './lint-folder.ts';

test('what is safe is mended in the files, and the rest is still told', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'lint-'));
  await writeFile(join(folder.path, 'app.py'), 'from flask import Flask\napp = Flask(__name__)\n');
  await writeFile(join(folder.path, 'requirements.txt'), 'flask\nopencv-python==4.10.0.84\npywin32==306\n');
  await writeFile(join(folder.path, 'compose.yaml'), "version: '3'\nservices:\n  db:\n    image: postgres\n");
  const { findings, mended } = await lintFolder(folder.path, { skip: ['unpinned-requirement'], fix: true });
  expect(await readFile(join(folder.path, 'requirements.txt'), 'utf8')).toBe(
    'flask\nopencv-python-headless==4.10.0.84\npywin32==306; sys_platform == "win32"\n',
  );
  expect(await readFile(join(folder.path, 'compose.yaml'), 'utf8')).toMatch(/^services:/);
  expect(mended.map(({ path }) => path).toSorted()).toEqual(['compose.yaml', 'requirements.txt']);
  expect(mended.find(({ path }) => path === 'requirements.txt')?.diff).toContain('-opencv-python==4.10.0.84\n');
  const codes = findings.map(({ code }) => code);
  expect(codes).toContain('compose-latest');
  expect(codes).not.toContain('unpinned-requirement');
  expect(findings.filter(({ edit }) => edit !== undefined)).toEqual([]);
});
