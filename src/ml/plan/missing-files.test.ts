import { expect, test } from 'vitest';
import { readProject } from '../detect/project.ts';
import { findApps } from '../detect/app.ts';
import { treeOf } from '../files.ts';
import { missingFiles } from './missing-files.ts';

async function missing(texts: Record<string, string>): Promise<string[]> {
  const facts = await readProject(treeOf(texts));
  return missingFiles(facts, findApps(facts)[0]?.module).map(({ code, file, line, message }) => `${code} ${file}:${line} ${message.split(' ')[0]}`);
} // prettier-ignore

test('models that are opened, are not there and are written by nothing', async () => {
  const app = 'from flask import Flask\nimport joblib\napp = Flask(__name__)\nm = joblib.load("model.pkl")\n';
  expect(await missing({ 'app.py': app })).toEqual(['missing-file app.py:4 model.pkl']);
  expect(await missing({ 'app.py': app.replace('"model.pkl"', 'r"C:\\Users\\me\\model.pkl"') })).toEqual([
    'foreign-path app.py:4 C:\\Users\\me\\model.pkl',
  ]);
  expect(await missing({ 'app.py': app.replace('model.pkl', '/home/me/model.pkl') })).toEqual([
    'foreign-path app.py:4 /home/me/model.pkl',
  ]);
  expect(
    await missing({
      'app.py': `${app}from transformers import A\nA.from_pretrained("/content/drive/m")\n`,
      'model.pkl': 'x',
    }),
  ).toEqual(['foreign-path app.py:6 /content/drive/m']);
  expect(await missing({ 'app.py': app, 'model.pkl': 'x' })).toEqual([]);
  expect(await missing({ 'app.py': app, 'artifacts/model.pkl': 'x' })).toEqual([]);
  expect(await missing({ 'app.py': app.replace('model.pkl', 'models/model.pkl'), 'model.pkl': 'x' })).toEqual([
    'misplaced-file app.py:4 models/model.pkl',
  ]);
  expect(await missing({ 'app.py': app, 'fit.py': 'import joblib\njoblib.dump(m, "model.pkl")' })).toEqual([]);
  expect(await missing({ 'app.py': app.replace('model.pkl', 'notes.txt') })).toEqual([]);
});
