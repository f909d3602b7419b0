import { expect, test } from 'vitest';
import { treeOf } from '#ml/files.ts';
import { planProject } from '#ml/plan/plan-project.ts';
import { planLines, whyLines } from './plan-lines.ts';

const VIEW = { style: (_: string, text: string) => text, width: 80, hasOwnDockerfile: false };
const FLASK = 'from flask import Flask\napp = Flask(__name__)\n';

test('a plan is a headline, decisions with their reasons, and what was found', async () => {
  const texts = { 'app.py': FLASK, 'requirements.txt': 'flask\ntorch==2.3.0\ntorchvision==0.17.0\n' };
  const lines = planLines(await planProject(treeOf(texts), { directory: 'shop' }), VIEW);
  expect(lines[0]).toBe('shop  flask service · Python 3.11 · CPU · port 5000');
  expect(lines).toContain('index        https://download.pytorch.org/whl/cpu');
  expect(lines.find((line) => line.startsWith('✗'))).toContain('requirements.txt:3: torchvision 0.17.0');
  expect(lines).toContain('  → torchvision==0.18.0');
  expect(lines.every((line) => line.length <= 90)).toBe(true);
});

test('several services are shown one after the other, and nothing twice', async () => {
  const texts = { 'api/app.py': FLASK, 'api/requirements.txt': 'flask', 'page/app.py': 'import streamlit as st\nst.title("x")\n', 'page/requirements.txt': 'streamlit' };
  const lines = planLines(await planProject(treeOf(texts), { directory: 'shop' }), VIEW);
  expect(lines[0]).toBe('shop  2 services');
  expect(lines.filter((line) => line.startsWith('──'))).toEqual(['── api (api)', '── page (page)']);
  expect(lines.filter((line) => line.startsWith('start'))).toHaveLength(2);
}); // prettier-ignore

test('one decision with its place and the source of its rule', async () => {
  const texts = { 'app.py': FLASK, 'requirements.txt': 'flask\npandas==2.0.3\n' };
  const lines = whyLines(await planProject(treeOf(texts), { directory: 'shop' }), 'constraint', VIEW);
  expect(lines[0]).toBe('numpy<2');
  expect(lines).toContain('  at requirements.txt:2');
  expect(lines.find((line) => line.startsWith('  by NumPy'))).toContain('2026-11');
});

test('text of a project cannot steer the terminal', async () => {
  const texts = { 'app.py': FLASK, 'requirements.txt': 'flask' };
  const lines = planLines(await planProject(treeOf(texts), { directory: 'a\u001b[2Jb' }), VIEW);
  expect(lines.join('')).not.toContain('\u001b');
});
