import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateDockerfile } from '../dockerfile/generate.ts';
import { treeOf } from '../files.ts';
import type { ProjectPlan } from './plan.ts';
import { planProject } from './plan-project.ts';

const plan = async (texts: Record<string, string>, python?: string): Promise<ProjectPlan> =>
  planProject(treeOf(texts), { directory: 'project', python });

const FLASK = 'from flask import Flask\napp = Flask(__name__)\n';
const FASTAPI = 'from fastapi import FastAPI\napp = FastAPI()\n';

async function example(name: string, without: readonly string[] = []): Promise<ProjectPlan> {
  const root = join('examples', name);
  const names = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const texts: Record<string, string> = {};
  for (const { parentPath, name: base } of names) {
    const path = join(parentPath, base);
    if (!without.includes(base) && !path.includes('__pycache__') && !/\.(pkl|onnx)$/.test(base))
      texts[path.slice(root.length + 1)] = await readFile(path, 'utf8');
  }
  return plan(texts);
}

test('the Iris example, without its Dockerfile', async () => {
  const made = await example('iris', ['Dockerfile']);
  expect(made).toMatchObject({
    python: { version: '3.11' },
    base: 'python:3.11-slim',
    apt: [],
    install: { files: ['requirements.txt'], arguments: ['-r', 'requirements.txt'] },
    start: { kind: 'flask', command: ['gunicorn', '--bind', '0.0.0.0:8000', '--access-logfile', '-', 'app:app'] },
    port: 8000,
    health: '/health',
    training: { command: ['python', 'train.py'], writes: ['model.pkl'] },
    missing: [{ path: 'model.pkl', training: 'train.py' }],
    findings: [],
  });
  expect(JSON.parse(made.requests[0]?.body ?? '')).toMatchObject({ sepal_length: 5.1 });
  expect(made.decisions.every(({ why }) => why !== '')).toBe(true);
});

test('the FastAPI and Streamlit examples', async () => {
  expect(await example('fastapi-onnx')).toMatchObject({
    start: { command: ['uvicorn', 'main:app', '--host', '0.0.0.0', '--port', '8000'] },
    missing: [{ path: 'model.onnx' }],
    health: '/health',
    findings: [],
  });
  expect(await example('streamlit')).toMatchObject({
    start: { kind: 'streamlit', module: 'streamlit_app.py' },
    port: 8501,
    training: null,
    missing: [],
    findings: [],
  });
});

const START_CASES: readonly (readonly [string, Record<string, string>, string, number | null])[] = [
  ['Flask without a server', { 'app.py': FLASK, 'requirements.txt': 'flask' }, 'flask run --host=0.0.0.0 --port=5000', 5000],
  ['Flask with waitress', { 'server.py': FLASK, 'requirements.txt': 'flask\nwaitress' }, 'waitress-serve --host=0.0.0.0 --port=5000 server:app', 5000],
  ['a Flask factory', { 'web.py': 'from flask import Flask\ndef create_app():\n  return Flask(__name__)\n', 'requirements.txt': 'flask\ngunicorn' }, 'gunicorn --bind 0.0.0.0:5000 --access-logfile - web:create_app()', 5000],
  ['FastAPI in a package', { 'service/main.py': `from .x import y\n${FASTAPI}`, 'service/x.py': 'y=1', 'requirements.txt': 'fastapi\nuvicorn' }, 'uvicorn service.main:app --host 0.0.0.0 --port 8000', 8000],
  ['FastAPI among files that import each other', { 'src/main.py': `import model\n${FASTAPI}`, 'src/model.py': '', 'requirements.txt': 'fastapi[standard]' }, 'uvicorn main:app --host 0.0.0.0 --port 8000', 8000],
  ['Gradio', { 'app.py': 'import gradio as gr\ngr.Interface(f, "text", "text").launch()', 'requirements.txt': 'gradio' }, 'python app.py', 7860],
  ['Dash', { 'app.py': 'from dash import Dash\napp = Dash()\nif __name__ == "__main__":\n  app.run()', 'requirements.txt': 'dash\ngunicorn' }, 'waitress-serve --host=0.0.0.0 --port=8050 app:app.server', 8050],
  ['Dash with a variable for its server', { 'app.py': 'from dash import Dash\napp = Dash()\nserver = app.server\n', 'Procfile': 'web: gunicorn app:server', 'requirements.txt': 'dash\ngunicorn' }, 'gunicorn --bind 0.0.0.0:8050 --access-logfile - app:server', 8050],
  ['the standard library', { 'main.py': 'from http.server import HTTPServer\nHTTPServer(("", 8080), H).serve_forever()' }, 'python main.py', 8080],
  ['a plain script', { 'main.py': 'print(1)' }, 'python main.py', null],
  ['uvicorn.run with its port', { 'main.py': `${FASTAPI}import uvicorn\nif __name__ == "__main__":\n  uvicorn.run(app, port=9001)`, 'requirements.txt': 'fastapi\nuvicorn' }, 'uvicorn main:app --host 0.0.0.0 --port 9001', 9001],
]; // prettier-ignore

test.each(START_CASES)('start of %s', async (...[, texts, command, port]) => {
  const made = await plan(texts);
  expect(made.start?.command.join(' ')).toBe(command);
  expect(made.port).toBe(port);
});

test('the folder of files that import each other is where they start', async () => {
  const made = await plan({
    'src/main.py': `import model\n${FASTAPI}`,
    'src/model.py': '',
    'requirements.txt': 'fastapi\nuvicorn',
  });
  expect(made.start?.directory).toBe('src');
  expect(generateDockerfile(made)).toContain('WORKDIR /app/src');
});

const PYTHON_CASES: readonly (readonly [string, Record<string, string>, string, string])[] = [
  ['.python-version', { '.python-version': '3.12.4\n' }, '3.12', '.python-version'],
  ['runtime.txt', { 'runtime.txt': 'python-3.9.18' }, '3.9', 'runtime.txt'],
  ['requires-python', { 'pyproject.toml': '[project]\nrequires-python=">=3.12"' }, '3.12', 'pyproject.toml'],
  ['an old pin', { 'requirements.txt': 'scikit-learn==0.24.2' }, '3.9', 'scikit-learn 0.24.2'],
  ['an older torch', { 'requirements.txt': 'torch==1.13.1' }, '3.10', 'torch 1.13.1'],
  ['new syntax', { 'app.py': 'type X = int\n' }, '3.12', 'a type statement'],
  ['nothing', { 'app.py': 'print(1)' }, '3.11', 'nothing'],
]; // prettier-ignore

test.each(PYTHON_CASES)('Python from %s', async (...[, texts, version, why]) => {
  const made = await plan(texts);
  expect(made.python.version).toBe(version);
  expect(made.python.why).toContain(why);
});

test('pins that no Python fits are named on both sides', async () => {
  const made = await plan({ 'requirements.txt': 'torch==1.13.1\nscikit-learn==1.8.0\n', 'app.py': FLASK });
  const finding = made.findings.find(({ code }) => code === 'python-contradiction');
  expect(finding?.severity).toBe('error');
  expect(finding?.message).toMatch(/torch 1\.13\.1.*scikit-learn 1\.8\.0/);
});

test('a wish for a Python stands above everything', async () => {
  const made = await plan({ '.python-version': '3.12', 'requirements.txt': 'numpy==2.0.2' }, '3.13');
  expect(made.base).toBe('python:3.13-slim');
  const conflict = made.findings.find(({ code }) => code === 'python-conflict');
  expect(conflict?.message).toContain('Python 3.13 is to be used, but numpy');
});

test('without a manifest the imports say what to install', async () => {
  const made = await plan({
    'app.py': `import os, json\nimport cv2\nfrom sklearn import svm\nimport helper\n${FLASK}`,
    'helper.py': 'import yaml',
  });
  expect(made.install.arguments.toSorted()).toEqual(['flask', 'opencv-python-headless', 'pyyaml', 'scikit-learn']);
  expect(made.findings.map(({ code }) => code)).toContain('no-requirements');
});

test('an import that no requirement brings is found, those brought along are not', async () => {
  const made = await plan({
    'requirements.txt': 'flask\npandas\n',
    'app.py': `import numpy, jinja2, lightgbm\n${FLASK}`,
  });
  const unlisted = made.findings.filter(({ code }) => code === 'unlisted-import');
  expect(unlisted).toMatchObject([{ file: 'app.py', line: 1, fix: 'add lightgbm to requirements.txt' }]);
});

test('system packages come with their reason', async () => {
  const made = await plan({
    'requirements.txt': 'flask\nopencv-python==4.10.0.84\nx @ git+https://host.example/x.git',
    'app.py': FLASK,
  });
  expect(made.apt).toEqual(['git', 'libgl1', 'libglib2.0-0']);
  expect(generateDockerfile(made)).toContain('apt-get install -y --no-install-recommends git libgl1 libglib2.0-0');
});

test('a FastAPI app without a server gets uvicorn, and says so', async () => {
  const made = await plan({ 'requirements.txt': 'fastapi', 'api.py': FASTAPI });
  expect(made.install.arguments).toEqual(['-r', 'requirements.txt', 'uvicorn']);
  expect(made.findings.map(({ code }) => code)).toContain('no-server');
});

test('a model that is there is not trained; one that nothing writes is not either', async () => {
  const texts = { 'app.py': `${FLASK}m = open("m.pkl", "rb")`, 'requirements.txt': 'flask' };
  expect((await plan({ ...texts, 'train.py': 'open("m.pkl", "wb")' })).missing).toHaveLength(1);
  expect((await plan({ ...texts, 'train.py': 'open("m.pkl", "wb")', 'm.pkl': 'x' })).missing).toEqual([]);
  expect((await plan({ ...texts, 'train.py': 'open("other.pkl", "wb")' })).missing).toEqual([]);
});

test('a model read and written through modules of the project is seen', async () => {
  const made = await plan({
    'app.py': `from lib import store\n${FLASK}`,
    'lib/store.py':
      'import os\nPATH = os.path.join(os.path.dirname(os.path.dirname(__file__)), "models", "m.pkl")\ndef load(): return open(PATH, "rb")\ndef save(): return open(PATH, "wb")',
    'lib/__init__.py': '',
    'fit_model.py': 'from lib.store import save\nsave()',
    'requirements.txt': 'flask',
  });
  expect(made.missing).toMatchObject([{ path: 'models/m.pkl', training: 'fit_model.py' }]);
});

test('the likeliest of several apps is taken and the others are named', async () => {
  const made = await plan({ 'app.py': FLASK, 'tests/app.py': FLASK, 'admin.py': FLASK, 'requirements.txt': 'flask' });
  expect(made.start?.module).toBe('app.py');
  expect(made.findings.find(({ code }) => code === 'several-apps')?.message).toContain('admin.py');
});

test('requests come from the README, the keys that are read, or the form of the page', async () => {
  const app = `${FLASK}@app.post("/predict")\ndef p():\n  d = request.get_json()\n  return d["text"]\n`;
  expect((await plan({ 'app.py': app })).requests[0]?.body).toBe('{"text":"hello"}');
  const readme = 'Try:\n\n    curl -X POST http://localhost:5000/predict \\\n      -d \'{"text": "good"}\'\n';
  expect((await plan({ 'app.py': app, 'README.md': readme })).requests[0]).toMatchObject({
    body: '{"text": "good"}',
    source: { file: 'README.md', line: 3 },
  });
  const bare = `${FLASK}@app.post("/predict")\ndef p():\n  return "x"\n`;
  const page = '<form><input name="a" type="number" value="2.5"><input name="b"></form>';
  expect((await plan({ 'app.py': bare, 'templates/index.html': page })).requests[0]?.body).toBe('{"a":2.5,"b":1}');
});

test('a server bound to localhost is an error before anything is built', async () => {
  const made = await plan({
    'main.py': 'from http.server import HTTPServer\nHTTPServer(("127.0.0.1", 8080), H).serve_forever()',
  });
  expect(made.findings).toMatchObject([{ code: 'bound-to-localhost', line: 2, severity: 'error' }]);
});

test('an empty folder has nothing to run', async () => {
  const made = await plan({ 'notes.txt': 'x' });
  expect(made.start).toBeNull();
  expect(made.findings[0]).toMatchObject({ code: 'nothing-to-run', message: 'there is no Python file in this folder' });
});

test('names of a project cannot add lines to the Dockerfile', async () => {
  const folder = 'a\nRUN evil';
  const texts = {
    [`${folder}/main.py`]: `import model\n${FASTAPI}type X = int`,
    [`${folder}/model.py`]: '',
    'pyproject.toml': `[project]\ndependencies = ["fastapi", "uvicorn", "x; python_version > '3'\\nRUN evil"]`,
  };
  const made = await planProject(treeOf(texts), { directory: folder });
  expect(made.start?.directory).toBe(folder);
  expect(generateDockerfile(made)).not.toMatch(/^RUN evil/m);
});
