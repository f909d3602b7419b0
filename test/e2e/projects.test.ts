import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { waitUntilAnswers } from '#project/wait-until-answers.ts';
import { type TestEngine, startEngine } from '../support/engine.ts';
import { openIndex } from '../support/wheels.ts';

// What is made of a folder without a Dockerfile: written down, served and watched, opened as a shell, installed from a private index.

const OWNER = 12_345;
let folder = '';
let engine: TestEngine;

beforeAll(async () => {
  folder = await mkdtemp('/var/tmp/berth-projects-');
  engine = await startEngine();
  // Kept from one run to the next, unlike the home of the clients that are tested.
  const base = [process.execPath, 'src/cli/main.ts', 'base', 'build', '--quiet', 'python:3.11-slim'];
  const { code, stderr } = await engine.command(base, { env: { HOME: homedir() } });
  expect(code, stderr).toBe(0);
});

afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A service of the standard library alone, so that its image is made in no time. */
const APP = `import http.server
from words import WORD


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(WORD.encode())


http.server.HTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
`;

async function project(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(folder, name);
  await mkdir(directory, { recursive: true });
  for (const [path, text] of Object.entries({ '.python-version': '3.11\n', ...files }))
    await writeFile(join(directory, path), text);
  return directory;
}

/** Follows `berth serve --watch` by its own words. */
async function watch(directory: string): Promise<{ said(text: string | RegExp): Promise<string>; end(): Promise<void> }> {
  const child = spawn(process.execPath, ['src/cli/main.ts', 'serve', '--watch', directory], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}`, HOME: join(folder, 'home') },
  });
  let text = '';
  let from = 0;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (more: string) => (text += more));
  return {
    async said(wanted) {
      for (const end = Date.now() + 60_000; Date.now() < end; await sleep(10)) {
        const found = new RegExp(wanted).exec(text.slice(from));
        if (found !== null) {
          from += found.index + found[0].length;
          return found[0];
        }
        if (child.exitCode !== null) break;
      }
      throw new Error(`nothing said ${String(wanted)}:\n${text.slice(from)}`);
    },
    async end() {
      const exit = once(child, 'exit');
      child.kill('SIGINT');
      await exit;
    },
  };
} // prettier-ignore

test('watched, changed code answers without a build, a mistake is told, and Ctrl-C takes the container away', async () => {
  const directory = await project('watched', { 'app.py': APP, 'words.py': 'WORD = "one"\n' });
  const watching = await watch(directory);
  const [, port] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(await watching.said(/http:\/\/127\.0\.0\.1:\d+/)) ?? [];
  const address = { host: '127.0.0.1', port: Number(port) };
  const word = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
  const [{ Id: image }] = JSON.parse((await engine.docker('image', 'inspect', 'berth/watched')).stdout) as [{ Id: string }];
  await writeFile(join(directory, 'words.py'), 'WORD = "two"\n');
  await watching.said(/words\.py changed: answers again after \d+\.\d+ s/);
  expect(await word()).toBe('two');
  await writeFile(join(directory, 'words.py'), 'WORD = "two\n');
  await watching.said('the program ended');
  await writeFile(join(directory, 'words.py'), 'from more import WORD\n');
  await writeFile(join(directory, 'more.py'), 'WORD = "three"\n');
  await waitUntilAnswers(address, '/', { timeoutMs: 10_000 });
  expect(await word()).toBe('three');
  expect((JSON.parse((await engine.docker('image', 'inspect', 'berth/watched')).stdout) as [{ Id: string }])[0].Id).toBe(image);
  await watching.end();
  expect((await engine.docker('ps', '-aq')).stdout).toBe('');
}, 120_000); // prettier-ignore

test('a shell works in the folder, as its owner', async () => {
  const directory = await project('shell', { 'app.py': APP, 'words.py': 'WORD = "x"\n' });
  await chown(directory, OWNER, OWNER);
  const script = 'from words import WORD; open("made.txt", "w").write(WORD); raise SystemExit(3)';
  const { code, stderr } = await engine.berth('shell', directory, 'python', '-c', script);
  expect(code, stderr).toBe(3);
  expect(await readFile(join(directory, 'made.txt'), 'utf8')).toBe('x');
  expect(await stat(join(directory, 'made.txt'))).toMatchObject({ uid: OWNER, gid: OWNER });
});

/** Asks for a password, and hands on what it is asked for then. */
async function privateIndex(target: string, login: string): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    if (request.headers.authorization !== `Basic ${Buffer.from(login).toString('base64')}`) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="packages"' }).end();
      return;
    }
    fetch(new URL(request.url ?? '/', target)).then(
      async (answer) => {
        response.writeHead(answer.status, { 'Content-Type': answer.headers.get('Content-Type') ?? '' });
        return response.end(Buffer.from(await answer.arrayBuffer()));
      },
      () => response.writeHead(502).end(),
    );
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

function hostAddress(): string {
  const found = Object.values(networkInterfaces()).flat().find((entry) => entry?.family === 'IPv4' && !entry.internal);
  return found?.address ?? '127.0.0.1';
} // prettier-ignore

test('a private index is asked with the password in a manifest, which is nowhere in the store afterwards', async () => {
  const password = `pw-${crypto.randomUUID()}`;
  await using index = await openIndex();
  await index.add({ name: 'words', version: '1.0', modules: ['text'] });
  const { server, port } = await privateIndex(index.url, `me:${password}`);
  try {
    const host = hostAddress();
    const requirements = `--index-url http://me:${password}@${host}:${port}/simple/\n--trusted-host ${host}\nwords==1.0\n`;
    const app = APP.replace('from words import WORD', 'from words import VERSION as WORD');
    const directory = await project('private', { 'app.py': app, 'requirements.txt': requirements });
    const { code, stdout, stderr } = await engine.berth('serve', '--json', '--verbose', directory);
    expect(code, stderr).toBe(0);
    const { address } = JSON.parse(stdout) as { address: { port: number } };
    expect(await (await fetch(`http://127.0.0.1:${address.port}/`)).text()).toBe('1.0');
    const plan = await engine.berth('plan', '--json', directory);
    expect(`${stdout}${stderr}${plan.stdout}${engine.log()}`).not.toContain(password);
    await engine.docker('rm', '-f', 'private');
    await engine.kill();
    const { stdout: found } = await run(['grep', '-rlF', '--binary-files=text', password, engine.dataRoot], { allowFailure: true });
    expect(found).toBe('');
    await engine.start();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}); // prettier-ignore

const HANDLER = `def predict(x: list[float]) -> dict:
    return {"sum": sum(x)}
`;

test('a function that predicts is served by the runtime, and berth init writes down what builds the same', async () => {
  const directory = await project('handler', { 'predict.py': HANDLER });
  const { code, stdout, stderr } = await engine.berth('serve', '--json', directory);
  expect(code, stderr).toBe(0);
  const { address } = JSON.parse(stdout) as { address: { port: number } };
  const body = JSON.stringify({ x: [1, 2, 3] });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${address.port}/predictions`, { method: 'POST', headers, body });
  expect(await answer.text()).toContain('6');
  const written = await engine.berth('init', '--classic', directory);
  expect(written.code, written.stderr).toBe(0);
  expect(await readdir(join(directory, '.berth/serving/berth_serving'))).toContain('__main__.py');
  const built = await engine.docker('build', '-q', directory);
  expect(built.code, built.stderr).toBe(0);
  const again = await engine.berth('init', '--classic', directory);
  expect(again.stdout).toContain('is as it was Dockerfile');
});

test('several services share a network, on which each is reached by its name', async () => {
  const directory = join(folder, 'several');
  const caller = APP.replace('from words import WORD', 'import urllib.request').replace('WORD.encode()', 'urllib.request.urlopen("http://backend:8000/").read()'); // prettier-ignore
  for (const [name, text] of [['backend', APP], ['frontend', caller]] as const) {
    await project(`several/${name}`, { 'app.py': text, 'words.py': 'WORD = "from the backend"\n', 'requirements.txt': '' });
  } // prettier-ignore
  const { code, stdout, stderr } = await engine.berth('serve', '--json', directory);
  expect(code, stderr).toBe(0);
  const { services } = JSON.parse(stdout) as { services: { name: string; served: { address: { port: number } } }[] };
  const front = services.find(({ name }) => name === 'frontend')?.served.address.port;
  expect(await (await fetch(`http://127.0.0.1:${front}/`)).text()).toBe('from the backend');
});
