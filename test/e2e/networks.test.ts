import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { importBusybox } from '../support/base-image.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';

let engine: TestEngine;

beforeAll(async () => {
  engine = await startEngine();
  await importBusybox(engine);
});

afterEach(async () => {
  const { stdout } = await engine.docker('ps', '--all', '--quiet');
  const ids = stdout.split('\n').filter((id) => id !== '');
  if (ids.length > 0) await engine.docker('rm', '--force', '--volumes', ...ids);
  await engine.docker('network', 'prune', '--force');
});

afterAll(async () => engine[Symbol.asyncDispose]());

/** Output of a command that has to work. */
async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await engine.docker(...args);
  expect(code, `docker ${args.join(' ')}: ${stderr}\n${engine.log()}`).toBe(0);
  return stdout.trim();
}

/** What a command that has to fail says. */
async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await engine.docker(...args);
  expect(code, `docker ${args.join(' ')}`).not.toBe(0);
  return stderr;
}

const SERVER = ['busybox', 'sh', '-c', 'echo "I am $(hostname)" > /tmp/index.html; exec httpd -f -p 80 -h /tmp'];

/** The page at an address, once somebody serves it. */
async function page(address: string): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      return (await (await fetch(`http://${address}/index.html`)).text()).trim();
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(50);
    }
  }
}

/** A port published on any free one of the host. */
async function portOf(container: string): Promise<string> {
  return (await docker('port', container, '80/tcp')).split('\n')[0]?.split(':').at(-1) ?? '';
}

test('a published port is served, is refused to others, and is free again afterwards', async () => {
  await docker('run', '--detach', '--name', 'web', '--hostname', 'web', '--publish', '127.0.0.1::80', ...SERVER);
  const port = await portOf('web');
  expect(await page(`127.0.0.1:${port}`)).toBe('I am web');
  expect(await docker('ps', '--format', '{{.Ports}}')).toBe(`127.0.0.1:${port}->80/tcp`);
  expect(await refused('run', '--name', 'late', '--publish', `${port}:80`, 'busybox', 'true')).toContain(
    `driver failed programming external connectivity on endpoint late: Bind for 0.0.0.0:${port} failed: port is already allocated`,
  );
  await docker('rm', '--force', 'web');
  await docker('run', '--rm', '--publish', `${port}:80`, 'busybox', 'true');
});

test('a published port is served through the death of the engine', async () => {
  await docker('run', '--detach', '--name', 'web', '--hostname', 'web', '--publish', '127.0.0.1::80', ...SERVER);
  const port = await portOf('web');
  await page(`127.0.0.1:${port}`);
  await engine.kill('SIGKILL');
  expect(await page(`127.0.0.1:${port}`)).toBe('I am web');
  await engine.start();
  expect(await page(`127.0.0.1:${port}`)).toBe('I am web');
  expect(await portOf('web')).toBe(port);
  expect(await refused('run', '--publish', `${port}:80`, 'busybox', 'true')).toContain('port is already allocated');
});

test('containers of a user network find each other by name and alias, whoever came first', async () => {
  await docker('network', 'create', '--label', 'a=b', 'team');
  await docker('run', '--detach', '--name', 'first', '--network', 'team', 'busybox', 'sleep', '100');
  await docker(
    'run',
    '--detach',
    '--name',
    'web',
    '--hostname',
    'web',
    '--network',
    'team',
    '--network-alias',
    'site',
    ...SERVER,
  );
  for (const name of ['web', 'site'])
    expect(await docker('exec', 'first', 'wget', '-q', '-O', '-', `http://${name}/index.html`)).toBe('I am web');
  expect(await docker('run', '--rm', '--network', 'team', 'busybox', 'ping', '-c', '1', '-w', '2', 'first')).toContain(
    '1 packets received',
  );
  expect(await refused('network', 'rm', 'team')).toContain('has active endpoints');
  await docker('rm', '--force', 'web');
  expect(await docker('exec', 'first', 'cat', '/etc/hosts')).not.toContain('site');
});

test('a container joins a further network and leaves it, running and stopped', async () => {
  await docker('network', 'create', '--subnet', '10.245.7.0/24', 'team');
  await docker('run', '--detach', '--name', 'web', 'busybox', 'sleep', '100');
  await docker('network', 'connect', '--ip', '10.245.7.9', 'team', 'web');
  expect(await docker('exec', 'web', 'ip', '-4', 'addr', 'show', 'eth1')).toContain('10.245.7.9/24');
  expect(
    await docker('network', 'inspect', 'team', '--format', '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}'),
  ).toBe('web 10.245.7.9/24');
  expect(await refused('network', 'connect', 'team', 'web')).toContain('already exists in network team');
  await docker('restart', '--time', '0', 'web');
  expect(await docker('exec', 'web', 'ip', '-4', 'addr', 'show', 'eth1')).toContain('10.245.7.9/24');
  await docker('stop', '--time', '0', 'web');
  await docker('network', 'disconnect', 'team', 'web');
  await docker('start', 'web');
  expect(await docker('exec', 'web', 'ip', '-4', 'addr')).not.toContain('10.245.7');
});

test('networks are listed by filter, and the predefined ones stay', async () => {
  await docker('network', 'create', '--label', 'a=b', 'one');
  await docker('network', 'create', '--internal', 'two');
  expect(await docker('network', 'ls', '--filter', 'label=a', '--format', '{{.Name}}')).toBe('one');
  expect(
    (await docker('network', 'ls', '--filter', 'type=builtin', '--format', '{{.Name}}')).split('\n').toSorted(),
  ).toEqual(['bridge', 'host', 'none']);
  expect(await docker('network', 'inspect', 'two', '--format', '{{.Internal}}')).toBe('true');
  expect(await refused('network', 'create', 'one')).toContain('network with name one already exists');
  expect(await refused('network', 'rm', 'bridge')).toContain('bridge is a pre-defined network and cannot be removed');
  expect(await refused('network', 'inspect', 'nope')).toContain('network nope not found');
  expect(await docker('network', 'prune', '--force')).toBe('Deleted Networks:\none\ntwo');
});

test('a volume is kept for as long as a container names it', async () => {
  await docker('volume', 'create', '--label', 'a=b', 'data');
  await docker('run', '--rm', '--volume', 'data:/data', 'busybox', 'sh', '-c', 'echo kept > /data/file');
  await docker('create', '--name', 'reader', '--volume', 'data:/data', 'busybox', 'cat', '/data/file');
  expect(await docker('start', '--attach', 'reader')).toBe('kept');
  expect(await refused('volume', 'rm', 'data')).toContain('remove data: volume is in use - [');
  expect(await docker('volume', 'ls', '--filter', 'dangling=true', '--quiet')).toBe('');
  await docker('rm', 'reader');
  expect(await docker('volume', 'prune', '--force')).toContain('Total reclaimed space: 0B');
  expect(await docker('volume', 'ls', '--filter', 'label=a=b', '--quiet')).toBe('data');
  expect(await docker('volume', 'prune', '--all', '--force')).toContain('data');
  expect(await refused('volume', 'inspect', 'data')).toContain('get data: no such volume');
});
