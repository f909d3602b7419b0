import { cp, mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestEngine, startEngine } from '../support/engine.ts';

// The classic workflow with the Iris classifier: serve the folder (which trains first), open the page, save the image, load it elsewhere.

const BROWSER = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const SETOSA = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 };
const VIRGINICA = { sepal_length: 6.7, sepal_width: 3, petal_length: 5.2, petal_width: 2.3 };

let folder = '';
let project = '';
let engine: TestEngine;
let address = '';

beforeAll(async () => {
  folder = await mkdtemp('/var/tmp/berth-iris-');
  project = join(folder, 'iris');
  await cp('examples/iris', project, { recursive: true, filter: (path) => !path.endsWith('model.pkl') });
  engine = await startEngine();
  const { code, stdout, stderr } = await engine.berth('serve', project);
  expect(code, stdout + stderr).toBe(0);
  address = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout)?.[0] ?? '';
}, 600_000);

afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function predict(base: string, flower: object): Promise<string> {
  const response = await fetch(`${base}/predict`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(flower),
  });
  expect(response.status).toBe(200);
  return JSON.stringify(await response.json());
}

test('serve trains the model that is missing, and the service predicts with it', async () => {
  expect(existsSync(join(project, 'model.pkl'))).toBe(true);
  expect(await predict(address, SETOSA)).toContain('setosa');
  expect(await predict(address, VIRGINICA)).toContain('virginica');
});

test.skipIf(BROWSER === undefined)('the page answers in a browser (runs where Chromium is installed)', async () => {
  const browser = await chromium.launch({
    executablePath: BROWSER ?? '',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  try {
    const page = await browser.newPage();
    await page.goto(address);
    for (const [name, value] of Object.entries(VIRGINICA)) await page.fill(`input[name="${name}"]`, String(value));
    await page.click('button[type="submit"]');
    await page
      .getByText(/virginica/i)
      .first()
      .waitFor({ timeout: 20_000 });
    await page.screenshot({ path: join(folder, 'iris.png'), fullPage: true });
  } finally {
    await browser.close();
  }
});

test('a saved image predicts the same in a second engine', async () => {
  const archive = join(folder, 'iris.tar');
  const { stdout: images } = await engine.docker(
    'images',
    '--format',
    '{{.Repository}}:{{.Tag}}',
    '--filter',
    'label=berth.project',
  );
  const image = images.split('\n').find((name) => name.includes('iris')) ?? '';
  expect((await engine.docker('save', '-o', archive, image)).code).toBe(0);
  await using second = await startEngine();
  const loaded = await second.docker('load', '-i', archive);
  expect(loaded.stdout).toContain(`Loaded image: ${image}`);
  const ids = await Promise.all([engine, second].map((one) => one.docker('inspect', '--format', '{{.Id}}', image)));
  expect(ids[1]?.stdout).toBe(ids[0]?.stdout);
  const port = /:(\d+)$/.exec(address)?.[1] ?? '';
  await engine.docker('stop', '-t', '1', ...(await engine.docker('ps', '-q')).stdout.trim().split('\n'));
  const inner = (
    await second.docker('inspect', '--format', '{{range $port, $_ := .Config.ExposedPorts}}{{$port}}{{end}}', image)
  ).stdout.trim();
  const container = await second.docker('run', '-d', '-p', `127.0.0.1:${port}:${inner}`, image);
  expect(container.code, container.stderr).toBe(0);
  await answering(address);
  expect(await predict(address, SETOSA)).toContain('setosa');
});

async function answering(base: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const ok = await fetch(`${base}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${base} did not answer`);
}
