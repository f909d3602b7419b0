import { expect, test } from 'vitest';
import { compileIgnore, ignoreLines } from '#dockerfile/ignore.ts';
import type { FileTree } from '../files.ts';
import { generateIgnore } from './ignore.ts';
import { testPlan } from './test-plan.ts';

function treeWith(files: Readonly<Record<string, number | string>>): FileTree {
  return {
    files: Object.entries(files).map(([path, content]) => ({ path, bytes: typeof content === 'number' ? content : content.length })),
    complete: true,
    read: async (path) => (typeof files[path] === 'string' ? files[path] : undefined),
    bytes: async () => undefined,
  };
} // prettier-ignore

async function excluded(
  files: Readonly<Record<string, number | string>>,
  plan = testPlan(),
): Promise<(path: string) => boolean> {
  const text = await generateIgnore(treeWith(files), plan);
  const ignore = compileIgnore(ignoreLines(text));
  return (path) => ignore.excludes(path);
}

test('version control, environments, caches and secrets stay out', async () => {
  const excludes = await excluded({ 'app.py': '' });
  const out = ['.git/HEAD', '.venv/bin/python', 'a/__pycache__/x.pyc', '.env', 'sub/.env', '.env.production', 'venv/x', 'compose.yaml', 'compose.dev.yml', 'docker-compose.yml', 'Dockerfile.gpu', 'x.egg-info/PKG-INFO', '.streamlit/secrets.toml', '.netrc']; // prettier-ignore
  for (const path of out) expect(excludes(path), path).toBe(true);
  for (const path of ['app.py', '.env.example', '.streamlit/config.toml', 'model.onnx', 'composer.py'])
    expect(excludes(path), path).toBe(false);
});

test('a folder called env that holds code is code', async () => {
  expect((await excluded({ 'env/gym.py': 'x', 'app.py': '' }))('env/gym.py')).toBe(false);
});

test('large data that nothing names stays out; what the program opens, imports or needs comes in', async () => {
  const files = {
    'app.py': 'import pandas\npandas.read_csv("data/lookup.csv")\nfrom train.steps import x\n',
    'train.py': 'open("raw/all.csv")',
    'data/lookup.csv': 9_000_000,
    'raw/all.csv': 9_000_000_000,
    'train/steps.py': 'x = 1',
    'train/big.csv': 9_000_000,
    'runs/1/epoch.ckpt': 50_000_000,
    'logs/small.log': 100,
    'dump.sqlite': 70_000_000,
    'model.onnx': 80_000_000,
  };
  const plan = testPlan({
    training: { script: 'train.py', command: ['python', 'train.py'], writes: [] },
    start: { kind: 'model', module: 'model.onnx', command: ['x'], environment: {}, directory: '' },
    models: [{ path: 'model.onnx', format: 'onnx', madeWith: null, bytes: 80_000_000 }],
  });
  const excludes = await excluded(files, plan);
  for (const path of ['raw/all.csv', 'runs/1/epoch.ckpt', 'dump.sqlite']) expect(excludes(path), path).toBe(true);
  for (const path of ['data/lookup.csv', 'train/steps.py', 'logs/small.log', 'model.onnx'])
    expect(excludes(path), path).toBe(false);
});
