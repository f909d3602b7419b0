import { expect, test } from 'vitest';
import { treeOf } from '../files.ts';
import { findApps } from './app.ts';
import { readProject } from './project.ts';
import { findServices } from './services.ts';

const FASTAPI = 'from fastapi import FastAPI\napp = FastAPI()\n';

async function services(texts: Record<string, string>): Promise<string[]> {
  const facts = await readProject(treeOf(texts));
  return (await findServices(facts, findApps(facts))).map(({ name, folder }) => `${name} ${folder}`).toSorted();
}

test('folders with a manifest and a program of their own; a frontend is none', async () => {
  const texts = {
    'backend/main.py': FASTAPI, 'backend/requirements.txt': 'fastapi', 'worker/worker.py': 'while True: pass', 'worker/requirements.txt': 'redis',
    'frontend/package.json': '{}', 'docker-compose.yml': 'services:\n  api:\n    build: ./backend\n  worker:\n    build: ./worker\n  web:\n    build: ./frontend\n',
  }; // prettier-ignore
  expect(await services(texts)).toEqual(['api backend', 'worker worker']);
});

test('a collection of examples is no set of services', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `demo_${index}`);
  const texts = Object.fromEntries(names.flatMap((name) => [[`${name}/main.py`, FASTAPI], [`${name}/requirements.txt`, '']]));
  expect(await services(texts)).toEqual([]);
}); // prettier-ignore

test('one program is one service, whatever lies beside it', async () => {
  expect(await services({ 'app/main.py': FASTAPI, 'requirements.txt': '' })).toEqual([]);
  expect(await services({ 'api/main.py': FASTAPI, 'api/requirements.txt': '', 'training/train.py': 'model.fit(x)', 'training/requirements.txt': '' })).toEqual([]);
  expect(await services({ 'a.py': FASTAPI, 'tests/app.py': FASTAPI, 'tests/requirements.txt': '', 'requirements.txt': '' })).toEqual([]);
}); // prettier-ignore
