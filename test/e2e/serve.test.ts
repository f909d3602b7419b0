import { chown, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntilAnswers } from '#project/wait-until-answers.ts';
import { type CommandResult, type TestEngine, startEngine } from '../support/engine.ts';

// Folders of Python as people have them: served, trained, served again, and what is said when something is wrong with them.

const OWNER = 12_345;
let folder = '';
let engine: TestEngine;

beforeAll(async () => {
  folder = await mkdtemp('/var/tmp/berth-serve-');
  await cp('examples', folder, { recursive: true, filter: (path) => !/\.(pkl|onnx)$|__pycache__/.test(path) });
  engine = await startEngine();
});

afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Served {
  container: string;
  address: { host: string; port: number };
  request?: { method: string; path: string; body: string; answer: string };
}

async function served(name: string, ...flags: string[]): Promise<Served & { stderr: string }> {
  const { code, stdout, stderr } = await engine.berth('serve', '--json', ...flags, join(folder, name));
  expect(code, stderr).toBe(0);
  return { ...(JSON.parse(stdout) as Served), stderr };
}

async function post({ address, request }: Served): Promise<string> {
  const url = `http://${address.host}:${address.port}${request?.path ?? '/'}`;
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: request?.body ?? '' });
  expect(response.status).toBe(200);
  return response.text();
}

async function containers(): Promise<string[]> {
  const { stdout } = await engine.docker('ps', '-a', '--format', '{{.Names}} {{.State}}');
  return stdout.trim().split('\n').toSorted();
}

test('FastAPI and ONNX without a Dockerfile: trained first, then it answers as its README says', async () => {
  const one = await served('fastapi-onnx');
  expect(one.stderr).toContain('model.onnx is not there yet; main.py opens it and train.py writes it');
  expect(JSON.parse(await post(one))).toMatchObject({ arms: [0, 2] });
  expect(existsSync(join(folder, 'fastapi-onnx', 'model.onnx'))).toBe(true);
});

test('served again, the new container takes the place and the port of the former one', async () => {
  const before = await served('fastapi-onnx');
  const main = join(folder, 'fastapi-onnx', 'main.py');
  await writeFile(main, (await readFile(main, 'utf8')).replace('"service": "spiral"', '"service": "changed"'));
  const after = await served('fastapi-onnx');
  expect(after.address).toEqual(before.address);
  expect(await (await fetch(`http://127.0.0.1:${after.address.port}/`)).json()).toMatchObject({ service: 'changed' });
  expect(await containers()).toEqual(['fastapi-onnx running']);
});

test('a Streamlit page', async () => {
  const { address } = await served('streamlit');
  expect(await (await fetch(`http://127.0.0.1:${address.port}/_stcore/health`)).text()).toBe('ok');
  expect(await (await fetch(`http://127.0.0.1:${address.port}/`)).text()).toContain('Streamlit');
});

test('training writes into the folder what belongs to its owner, and is told with time and memory', async () => {
  const iris = join(folder, 'iris');
  await rm(join(iris, 'Dockerfile'));
  await chown(iris, OWNER, OWNER);
  const { code, stdout, stderr } = await engine.berth('train', iris);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/accuracy on 30 others: 0\.9\d+/);
  expect(stderr).toMatch(/train\.py is done.*: \d+\.\d s, at most \d+(\.\d+)?MB of memory/);
  expect(await stat(join(iris, 'model.pkl'))).toMatchObject({ uid: OWNER, gid: OWNER });
  expect(await containers()).toEqual(['fastapi-onnx running', 'streamlit running']);
});

test('Iris without its Dockerfile predicts, and its curl line is one to copy', async () => {
  const { code, stdout, stderr } = await engine.berth('serve', join(folder, 'iris'));
  expect(code, stderr).toBe(0);
  const line = /curl .*/.exec(stdout)?.[0] ?? '';
  const answer = await engine.command(['sh', '-c', line.replace(/^curl/, 'curl -sS')]);
  expect(JSON.parse(answer.stdout)).toMatchObject({ species: 'setosa' });
});

async function fails(...args: string[]): Promise<CommandResult> {
  const result = await engine.berth(...args);
  expect(result.code, result.stdout).not.toBe(0);
  return result;
}

test('a module that no requirement brings is named, and the former container goes on serving', async () => {
  const app = join(folder, 'iris', 'app.py');
  const before = await readFile(app, 'utf8');
  await writeFile(app, `import importlib\n\nimportlib.import_module("sklearn" + "_nowhere")\n${before}`);
  const { stderr } = await fails('serve', join(folder, 'iris'));
  expect(stderr).toContain("ModuleNotFoundError: No module named 'sklearn_nowhere'");
  expect(stderr).toMatch(/berth: iris ended with exit code \d+ before it answered\n.*why: .*\n.*fix: /);
  await writeFile(app, before);
  expect(await containers()).toContain('iris running');
  const { address } = await served('iris');
  expect((await fetch(`http://127.0.0.1:${address.port}/health`)).status).toBe(200);
  expect(await containers()).not.toContain('iris-failed exited');
});

test('a version that does not exist stops the build with its last lines', async () => {
  const project = join(folder, 'pins');
  await cp('examples/iris', project, { recursive: true, filter: (path) => !/Dockerfile$|\.pkl$/.test(path) });
  await writeFile(join(project, 'requirements.txt'), 'flask==0.0.99\n');
  const { stderr } = await fails('train', project);
  expect(stderr).toContain('No matching distribution found for flask==0.0.99');
  expect(stderr).toContain('the image of pins could not be built');
  expect(stderr).toContain('fix: check the name and the version in requirements.txt');
});

test('a port that is taken, a Python that cannot be had and an empty folder are refused in three lines', async () => {
  const taken = String((await served('streamlit')).address.port);
  expect((await fails('serve', join(folder, 'iris'), '--port', taken)).stderr).toMatch(
    /berth: port \d+ is taken\n.*why: .*\n.*fix: /,
  );
  const python = (await fails('serve', join(folder, 'iris'), '--python', '3.99')).stderr;
  expect(python).toContain('python:3.99-slim is not here and cannot be fetched');
  expect(python).toContain('--python 3.13');
  expect((await fails('serve', join(folder, '..', 'nowhere'))).stderr).toContain('there is no folder');
});

const COUNTER = {
  'train.py': 'import json\nwith open("model.json", "w") as file:\n    json.dump({"weight": 2}, file)\n',
  'app.py': `import json
from http.server import BaseHTTPRequestHandler, HTTPServer

with open("model.json") as file:
    weight = json.load(file)["weight"]

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(weight).encode())

HTTPServer(("", 8090), Handler).serve_forever()
`,
  Dockerfile: 'FROM python:3.11-slim\nWORKDIR /srv\nCOPY app.py model.json ./\nEXPOSE 8090\nCMD ["python", "app.py"]\n',
} as const;

async function counter(): Promise<string> {
  const project = join(folder, 'counter');
  await rm(project, { recursive: true, force: true });
  await mkdir(project);
  for (const [name, text] of Object.entries(COUNTER)) await writeFile(join(project, name), text);
  return project;
}

test('a Dockerfile that copies the model by name gets it trained first', async () => {
  await counter();
  const { address, stderr } = await served('counter');
  expect(stderr).toContain('the Dockerfile copies model.json, which training will write');
  expect(await (await fetch(`http://127.0.0.1:${address.port}/`)).text()).toBe('2');
});

test('stopped while it waits, the new container goes and the former one serves on', async () => {
  const { address } = await served('counter');
  const app = join(folder, 'counter', 'app.py');
  await writeFile(app, `import time\ntime.sleep(60)\n${await readFile(app, 'utf8')}`);
  const command = [
    'timeout',
    '--signal=INT',
    '15',
    process.execPath,
    'src/cli/main.ts',
    'serve',
    join(folder, 'counter'),
  ];
  const { stderr } = await engine.command(command);
  expect(stderr).toContain('waiting for counter to answer\nberth: cancelled');
  expect((await containers()).filter((line) => line.startsWith('counter'))).toEqual(['counter running']);
  const answer = await waitUntilAnswers(address, '/', { timeoutMs: 20_000 });
  expect(answer?.status).toBe(200);
});

test('a program that only runs is trained with its arguments, and its exit code is passed on', async () => {
  const project = join(folder, 'exits');
  await mkdir(project);
  await writeFile(
    join(project, 'train.py'),
    'import os, sys\nprint(sys.argv[1:], os.getuid())\nsys.exit(int(sys.argv[1]))\n',
  );
  await chown(project, OWNER, OWNER);
  const { code, stdout, stderr } = await engine.berth('train', project, '--', '7', '--epochs=3');
  expect(stdout).toBe(`['7', '--epochs=3'] ${OWNER}\n`);
  expect(stderr).toContain('berth: train.py ended with exit code 7 after');
  expect(code).toBe(7);
});
