import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtempDisposable, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEngine } from '../../test/support/engine.ts';

interface Outcome {
  code: number;
  lines: string[];
}

/** Runs the daemon when it is expected to end by itself. */
async function refuse(flags: readonly string[], options: { path?: string; user?: number } = {}): Promise<Outcome> {
  const child = spawn(process.execPath, ['src/daemon/main.ts', 'engine', 'run', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...(options.path !== undefined && { PATH: options.path }) },
    ...(options.user !== undefined && { uid: options.user, gid: options.user }),
    timeout: 20_000,
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const [code] = (await once(child, 'close')) as [number];
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('time='));
  return { code, lines };
}

async function temporary(): Promise<AsyncDisposable & { path: string; roots: string[] }> {
  const folder = await mkdtempDisposable('/tmp/b-');
  const roots = ['--data-root', join(folder.path, 'data'), '--exec-root', join(folder.path, 'exec')];
  return { path: folder.path, roots, [Symbol.asyncDispose]: async () => folder.remove() };
}

test('a second engine on the same data root, or the same exec root, is refused and names the first', async () => {
  await using engine = await startEngine();
  await using folder = await temporary();
  for (const flags of [
    ['--data-root', engine.dataRoot, '--exec-root', join(folder.path, 'exec')],
    ['--data-root', join(folder.path, 'data'), '--exec-root', engine.execRoot],
  ]) {
    const { code, lines } = await refuse(flags);
    expect(code).toBe(1);
    expect(lines[0]).toMatch(
      new RegExp(`an engine is already running on this (data|exec) root \\(pid ${engine.pid}\\)`),
    );
    expect(lines).toHaveLength(3);
  }
  expect((await engine.docker('version')).code).toBe(0);
});

test('an engine killed leaves a socket and a pid file that the next one replaces', async () => {
  await using engine = await startEngine();
  const pidFile = join(engine.execRoot, 'berthd.pid');
  const { id } = engine;
  await engine.kill('SIGKILL');
  expect((await stat(engine.socket)).isSocket()).toBe(true);
  await engine.start();
  expect(Number(await readFile(pidFile, 'utf8'))).toBe(engine.pid);
  expect(engine.id).toBe(id);
  expect((await engine.docker('version')).code).toBe(0);
});

test('SIGTERM ends it cleanly: code 0, no socket, no pid file', async () => {
  await using engine = await startEngine();
  const events = engine.docker('events');
  await engine.kill('SIGTERM');
  await expect(stat(engine.socket)).rejects.toThrow('ENOENT');
  await expect(stat(join(engine.execRoot, 'berthd.pid'))).rejects.toThrow('ENOENT');
  expect(engine.log()).toContain('engine stopping');
  await events;
});

test('what is private is not readable for others: database, log, socket', async () => {
  await using engine = await startEngine();
  for (const name of ['engine.db', 'engine.db-wal', 'engine.log'])
    expect([name, (await stat(join(engine.dataRoot, name))).mode & 0o077]).toEqual([name, 0]);
  expect((await stat(engine.socket)).mode & 0o007).toBe(0);
  expect((await stat(engine.dataRoot)).mode & 0o066).toBe(0);
});

test('an unknown flag or key is refused with three lines', async () => {
  await using folder = await temporary();
  const flag = await refuse([...folder.roots, '--frobnicate']);
  expect(flag.code).toBe(2);
  expect(flag.lines[0]).toBe('berthd: unknown flag: --frobnicate');
  expect(flag.lines).toHaveLength(3);

  const file = join(folder.path, 'daemon.json');
  await writeFile(file, '{"frobnicate": 1}');
  const key = await refuse([...folder.roots, '--config-file', file]);
  expect(key.code).toBe(2);
  expect(key.lines[0]).toContain("the following directives don't match any configuration option: frobnicate");
  expect(key.lines).toHaveLength(3);
});

test('TCP without client certificates is refused, before anything is made', async () => {
  await using folder = await temporary();
  const { code, lines } = await refuse([...folder.roots, '--host', 'tcp://127.0.0.1:0']);
  expect(code).toBe(2);
  expect(lines[0]).toContain('refusing to listen on tcp://127.0.0.1:0 without client certificates');
  await expect(stat(join(folder.path, 'data'))).rejects.toThrow('ENOENT');
});

test('a socket that another program listens on is left alone', async () => {
  await using folder = await temporary();
  const path = join(folder.path, 'other.sock');
  const other = createServer().listen(path);
  await once(other, 'listening');
  const { code, lines } = await refuse([...folder.roots, '--host', `unix://${path}`]);
  other.close();
  expect(code).toBe(1);
  expect(lines[0]).toContain(`another program listens on ${path}`);
});

test('without runc in PATH it says so and names the package', async () => {
  await using folder = await temporary();
  const bin = join(folder.path, 'bin');
  await mkdir(bin);
  for (const name of ['conmon', 'nft', 'ip']) await symlink(`/usr/bin/env`, join(bin, name));
  const { code, lines } = await refuse(folder.roots, { path: bin });
  expect(code).toBe(1);
  expect(lines[0]).toBe('berthd: runc is not installed');
  expect(lines[2]).toMatch(/fix: .*install.* runc$/);
});

test('without root it says so and how to start it', async () => {
  await using folder = await temporary();
  await chmod(folder.path, 0o777);
  const { code, lines } = await refuse(folder.roots, { user: 65534 });
  expect(code).toBe(1);
  expect(lines).toEqual([
    'berthd: the engine needs root',
    expect.stringContaining('why: it was started by nobody'),
    expect.stringContaining('sudo berth engine run'),
  ]);
});

test('a reload takes over the log level and registries, and tells listeners', async () => {
  await using engine = await startEngine();
  await writeFile(
    join(engine.dataRoot, '..', 'daemon.json'),
    '{"debug": true, "registry-mirrors": ["https://mirror.example.com"]}',
  );
  process.kill(engine.pid, 'SIGHUP');
  await expect
    .poll(async () => JSON.parse((await engine.request('GET', '/info')).text) as object)
    .toMatchObject({ Debug: true, RegistryConfig: { Mirrors: ['https://mirror.example.com/'] } });
  const { text } = await engine.request('GET', '/events?since=1&until=1');
  expect(text).toBe('');
  const past = await engine.request('GET', `/events?since=1&until=${Math.ceil(Date.now() / 1000)}`);
  expect(past.text).toContain('"Action":"reload"');
});
