import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RULES } from '#dockerfile/lint/rules.ts';
import { readProject } from '../detect/project.ts';
import { type FileTree, treeOf } from '../files.ts';
import { factsOf } from '../models/read-source.ts';
import { planProject } from '../plan/plan-project.ts';
import { applyEdits } from './apply-edits.ts';
import { documentRules } from './document-rules.ts';
import { type LintFinding, lintProject } from './lint-project.ts';
import { PROJECT_RULES } from './rules.ts';

/** Contents that say LARGE count as two gigabytes. */
function exampleTree(texts: Readonly<Record<string, string>>): FileTree {
  const tree = treeOf(texts);
  return { ...tree, files: tree.files.map((file) => (texts[file.path] === 'LARGE' ? { ...file, bytes: 2e9 } : file)) };
}

async function lint(texts: Readonly<Record<string, string>>): Promise<LintFinding[]> {
  const tree = exampleTree(texts);
  const facts = await readProject(tree);
  const large = tree.files.filter(({ path, bytes }) => bytes > 1e9 && path.endsWith('.onnx'));
  const models = [...facts.models.filter(({ bytes }) => bytes < 1e9), ...large.map((file) => factsOf(file, { format: 'onnx' }))];
  return lintProject({ ...facts, models }, await planProject(tree, { directory: 'example' }));
} // prettier-ignore

test.each(PROJECT_RULES.map((rule) => [rule.code, rule] as const))('%s objects to its bad example and not to its good one', async (code, { good, bad }) => {
  expect((await lint(bad)).map((finding) => finding.code)).toContain(code);
  expect((await lint(good)).map((finding) => finding.code)).not.toContain(code);
}); // prettier-ignore

test('codes are told apart, sorted, and enough', () => {
  const codes = PROJECT_RULES.map(({ code }) => code);
  expect(codes).toEqual([...new Set(codes)].toSorted());
  expect(codes.length + RULES.length).toBeGreaterThanOrEqual(60);
});

test('the page of rules says what the rules say', () => {
  const page = new URL('../../../docs/rules.md', import.meta.url);
  if (process.env['BERTH_WRITE_DOCS'] === '1') writeFileSync(page, documentRules());
  expect(readFileSync(page, 'utf8')).toBe(documentRules());
});

test.each([
  ['sklearn\r\nflask==3\r\n', 'scikit-learn\r\nflask==3\r\n'],
  ['numpy @ file:///a/b/numpy_1\n', 'numpy\n'],
  ['pywin32==306  # for me\n', 'pywin32==306; sys_platform == "win32"  # for me\n'],
  ['flask==3.0.3\nargparse==1.4.0\n', 'flask==3.0.3\n'],
  ['OpenCV-Python==4.10.0.84\n', 'opencv-python-headless==4.10.0.84\n'],
  ['psycopg2==2.9.10\n', 'psycopg2-binary==2.9.10\n'],
])('%j becomes %j', async (text, mended) => {
  const found = await lint({ 'requirements.txt': text, 'app.py': 'from flask import Flask\napp = Flask(__name__)\n' });
  const edits = found.flatMap(({ edit }) => edit ?? []);
  expect(applyEdits(text, edits)).toEqual({ text: mended, applied: edits.length });
  expect(applyEdits('something else\n', edits)).toEqual({ text: 'something else\n', applied: 0 });
});

test('a comment behind a line, and a list of codes, leave findings out', async () => {
  const texts = { 'requirements.txt': 'psycopg2==2.9.10  # berth: skip=psycopg2-source\n', 'app.py': 'import psycopg2\n' };
  expect((await lint(texts)).map(({ code }) => code)).not.toContain('psycopg2-source');
  const facts = await readProject(treeOf({ ...texts, 'requirements.txt': 'psycopg2==2.9.10\n' }));
  const plan = await planProject(facts.tree, { directory: 'x' });
  expect((await lintProject(facts, plan, new Set(['psycopg2-source']))).map(({ code }) => code)).not.toContain('psycopg2-source');
}); // prettier-ignore

test('findings of the Dockerfile stand beside the others', async () => {
  const found = await lint({ Dockerfile: 'FROM python:3.12-slim\nRUN apt-get update && apt-get install -y git\nCOPY . .\n', 'app.py': 'print(1)\n' });
  expect(found.find(({ code }) => code === 'AptListsKept')).toMatchObject({ file: 'Dockerfile', line: 2 });
}); // prettier-ignore
