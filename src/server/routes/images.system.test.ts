import { execFileSync } from 'node:child_process';
import { mkdir, mkdtempDisposable, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarOf } from '#engine/snapshots/conformance.ts';
import { startEngine, type TestEngine } from '../../../test/support/engine.ts';

let folder: AsyncDisposable & { path: string };
/** A file system of some thousand files, 48 MB. */
let large: string;

beforeAll(async () => {
  folder = await mkdtempDisposable('/tmp/images-');
  large = join(folder.path, 'large.tar');
  const tree = join(folder.path, 'tree');
  await mkdir(tree);
  for (let index = 0; index < 3000; index++) await writeFile(join(tree, `f${index}`), Buffer.alloc(16_000, index));
  execFileSync('tar', ['-C', tree, '-cf', large, '.']);
  await rm(tree, { recursive: true });
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function ok(engine: TestEngine, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await engine.docker(...args);
  expect({ code, stderr, args }).toMatchObject({ code: 0 });
  return stdout.trimEnd();
}

async function bad(engine: TestEngine, ...args: string[]): Promise<string> {
  const { code, stderr } = await engine.docker(...args);
  expect(code).not.toBe(0);
  return stderr.trimEnd();
}

test('the docker client imports, names, shows, saves, removes and loads images', async () => {
  await using engine = await startEngine();
  const tar = join(folder.path, 'small.tar');
  await writeFile(tar, tarOf({ name: 'etc/' }, { name: 'etc/motd', content: 'hello' }));
  const id = await ok(engine, 'import', '-c', 'ENV A=b', '-m', 'from a tar', tar, 'small:1');
  expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
  await ok(engine, 'tag', 'small:1', 'registry.example:5000/team/small:2');
  // The client goes over an image's repositories in an order of chance.
  const rows = await ok(engine, 'images', '--format', '{{.Repository}}:{{.Tag}} {{.Size}}');
  expect(rows.split('\n').toSorted()).toEqual(['registry.example:5000/team/small:2 5B', 'small:1 5B']);
  expect(await ok(engine, 'images', '-q', '--no-trunc', '--filter', 'reference=small')).toBe(id);
  expect(
    await ok(engine, 'inspect', '-f', '{{.Id}} {{.Config.Env}} {{.Comment}} {{len .RootFS.Layers}}', 'small:1'),
  ).toBe(`${id} [A=b] from a tar 1`);
  expect(await ok(engine, 'history', '--format', '{{.Size}} {{.Comment}}', 'small:1')).toBe('5B from a tar');
  const tree = await ok(engine, 'inspect', '-f', '{{.GraphDriver.Name}} {{.GraphDriver.Data.UpperDir}}', 'small:1');
  expect(tree).toMatch(new RegExp(`^overlay2 ${engine.dataRoot}/`));
  const saved = join(folder.path, 'saved.tar');
  await ok(engine, 'save', '-o', saved, 'small:1', 'registry.example:5000/team/small');
  expect(await bad(engine, 'rmi', id)).toContain(`conflict: unable to delete ${id.slice(7, 19)} (must be forced)`);
  expect(await ok(engine, 'rmi', 'small:1')).toBe('Untagged: small:1');
  const removed = await ok(engine, 'rmi', id.slice(7, 19));
  expect(removed.split('\n')).toHaveLength(3);
  expect(removed).toContain(`Untagged: registry.example:5000/team/small:2\nDeleted: ${id}\nDeleted: sha256:`);
  expect(await ok(engine, 'images', '-aq')).toBe('');
  expect(await ok(engine, 'load', '-i', saved)).toBe(
    'Loaded image: small:1\nLoaded image: registry.example:5000/team/small:2',
  );
  expect(await ok(engine, 'images', '-q', '--no-trunc', 'small')).toBe(id);
  const synced = await engine.berth('load', '--sync', '-i', saved);
  expect(synced).toMatchObject({ code: 0, stdout: expect.stringContaining('Loaded image: small:1\n') });
  const states = await ok(engine, 'inspect', 'small:1');
  expect(JSON.parse(states)).toMatchObject([{ Berth: { Layers: [{ State: 'durable' }] } }]);
  const { text } = await engine.request('GET', '/system/df?type=image');
  const usage = JSON.parse(text) as { LayersSize: number; Images: { Size: number; SharedSize: number }[] };
  expect(usage.Images).toMatchObject([{ Size: usage.LayersSize, SharedSize: 0 }]);
  expect(await bad(engine, 'rmi', 'nope')).toContain('No such image: nope:latest');
  expect(await bad(engine, 'load', '-i', tar)).toContain('the archive holds no image');
  expect(await ok(engine, 'image', 'prune', '-af')).toMatch(/Total reclaimed space: \d+\.?\d*kB/);
});

test('a load tells how far its layers are to clients that want to know', async () => {
  await using engine = await startEngine();
  await ok(engine, 'import', large, 'large:1');
  const saved = join(folder.path, 'told.tar');
  await ok(engine, 'save', '-o', saved, 'large:1');
  const load = async (
    query: string,
  ): Promise<{ status?: string; stream?: string; progressDetail?: { total?: number } }[]> => {
    const words = ['curl', '-sS', '--unix-socket', engine.socket, '-T', saved, '-X', 'POST'];
    const { stdout } = await engine.command([...words, `http://localhost/v1.51/images/load${query}`]);
    return stdout
      .trim()
      .split('\r\n')
      .map((line) => JSON.parse(line) as object);
  };
  const told = await load('');
  expect(told[0]).toMatchObject({ status: 'Loading layer', progressDetail: { total: expect.any(Number) } });
  const total = told[0]?.progressDetail?.total;
  expect(told.at(-2)).toMatchObject({ status: 'Loading layer', progressDetail: { current: total, total } });
  expect(told.at(-1)).toEqual({ stream: 'Loaded image: large:1\n' });
  expect(await load('?quiet=1&sync=1')).toEqual([{ stream: 'Loaded image: large:1\n' }]);
});

test('an engine killed while it loads lists nothing that is not whole, and loads again', async () => {
  await using engine = await startEngine();
  await ok(engine, 'import', large, 'large:1');
  const saved = join(folder.path, 'large-saved.tar');
  await ok(engine, 'save', '-o', saved, 'large:1');
  await ok(engine, 'rmi', 'large:1');
  for (const afterMs of [30, 120, 250, 400, 700]) {
    const loading = engine.docker('load', '-i', saved);
    await sleep(afterMs);
    await engine.kill('SIGKILL');
    await loading;
    await engine.start();
    const listed = await ok(engine, 'images', '-q');
    if (listed !== '') expect(await ok(engine, 'inspect', '-f', '{{.Size}}', 'large:1')).toBe('48000000');
    expect(await readdir(join(engine.dataRoot, 'layers/.new'))).toEqual([]);
    expect(await readdir(join(engine.dataRoot, 'snapshots/.new'))).toEqual([]);
    if (listed !== '') await ok(engine, 'rmi', 'large:1');
    await expect.poll(() => readdir(join(engine.dataRoot, 'content/blobs/sha256')), { timeout: 10_000 }).toEqual([]);
    expect((await readdir(join(engine.dataRoot, 'snapshots'))).filter((name) => !name.startsWith('.'))).toEqual([]);
  }
  expect(await ok(engine, 'load', '-i', saved)).toBe('Loaded image: large:1');
  expect(await ok(engine, 'inspect', '-f', '{{.Size}}', 'large:1')).toBe('48000000');
});

test('a full disk fails a load with a clear message and leaves nothing', async () => {
  await using stack = new AsyncDisposableStack();
  const disk = join(folder.path, 'disk');
  const mount = await mkdtempDisposable('/tmp/bd-');
  stack.use(mount);
  execFileSync('truncate', ['-s', '64M', disk]);
  execFileSync('mkfs.ext4', ['-q', '-O', '^has_journal', disk]);
  execFileSync('mount', ['-o', 'loop', disk, mount.path]);
  stack.defer(() => void execFileSync('umount', [mount.path]));
  const engine = stack.use(await startEngine({ root: join(mount.path, '.') }));
  const free = (): number =>
    Number(execFileSync('df', ['--output=avail', mount.path], { encoding: 'utf8' }).split('\n')[1]);
  const before = free();
  expect(await bad(engine, 'import', large, 'large:1')).toContain('no space left');
  expect(await ok(engine, 'images', '-aq')).toBe('');
  await expect.poll(free, { timeout: 10_000 }).toBeGreaterThan(before - 2000);
  const tar = join(folder.path, 'tiny.tar');
  await writeFile(tar, tarOf({ name: 'a', content: 'a' }));
  await ok(engine, 'import', tar, 'tiny:1');
  expect((await stat(tar)).size).toBeGreaterThan(0);
  expect(await ok(engine, 'images', '--format', '{{.Repository}}')).toBe('tiny');
});
