import { afterAll, beforeAll, expect, test } from 'vitest';
import { importBusybox } from '../../../test/support/base-image.ts';
import { startEngine, type TestEngine } from '../../../test/support/engine.ts';

let engine: TestEngine;

beforeAll(async () => {
  engine = await startEngine();
  await importBusybox(engine);
});

afterAll(async () => engine?.[Symbol.asyncDispose]());

async function json<T>(path: string): Promise<T> {
  return JSON.parse((await engine.request('GET', path)).text) as T;
}

test('docker info counts containers by state, and names the host', async () => {
  await engine.docker('run', '-d', '--name', 'runs', '--network', 'none', 'busybox', 'sleep', '100');
  await engine.docker('run', '--name', 'ended', '--network', 'none', 'busybox', 'true');
  const { code, stdout, stderr } = await engine.docker('info');
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/Containers: 2\n\s+Running: 1\n\s+Paused: 0\n\s+Stopped: 1\n\s+Images: 1/);
  expect(stdout).toContain(`ID: ${engine.id}`);
  expect(stdout).toContain(`Docker Root Dir: ${engine.dataRoot}`);
});

test('status names the processes that the engine needs, with their memory', async () => {
  const status = await json<{ pid: number; processes: { name: string; memoryBytes: number }[] }>('/berth/status');
  expect(status.pid).toBe(engine.pid);
  expect(status.processes.map(({ name }) => name).toSorted()).toEqual(['berthd', 'conmon']);
  expect(status.processes.every(({ memoryBytes }) => memoryBytes > 100_000)).toBe(true);
});

test('docker system df shows images, containers and volumes with their sizes', async () => {
  await engine.docker(
    'run',
    '--rm',
    '--network',
    'none',
    '-v',
    'kept:/v',
    'busybox',
    'dd',
    'if=/dev/zero',
    'of=/v/f',
    'bs=1M',
    'count=3',
  );
  const { code, stdout, stderr } = await engine.docker('system', 'df');
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/Images\s+1\s+1/);
  expect(stdout).toMatch(/Containers\s+2\s+1/);
  expect(stdout).toMatch(/Local Volumes\s+1\s+0\s+3\.\d+MB/);
  const only = await json<Record<string, unknown>>('/v1.44/system/df?type=volume');
  expect(only).toMatchObject({ Images: null, Containers: null, Volumes: [{ Name: 'kept' }] });
  expect((await engine.request('GET', '/v1.44/system/df?type=x')).status).toBe(400);
});

test('docker events tells a run in the order that clients know, filtered', async () => {
  const since = (Date.now() / 1000).toFixed(3);
  await engine.docker('run', '--rm', '--name', 'told', '-l', 'team=ml', 'busybox', 'true');
  const until = (Date.now() / 1000 + 0.2).toFixed(3);
  const range = ['events', '--since', since, '--until', until, '--format', '{{.Type}} {{.Action}}'];
  const all = await engine.docker(...range);
  expect(all.stdout.trim().split('\n')).toEqual([
    'container create',
    'container attach',
    'network connect',
    'container start',
    'container die',
    'network disconnect',
    'container destroy',
  ]);
  const some = await engine.docker(...range, '--filter', 'label=team=ml', '--filter', 'event=die');
  expect(some.stdout.trim()).toBe('container die');
  expect((await engine.docker(...range, '--filter', 'nonsense=1')).stderr).toContain("invalid filter 'nonsense'");
});

test('followed events come at once and end with the client', async () => {
  const controller = new AbortController();
  const following = engine.command(['docker', 'events', '--filter', 'type=volume'], { signal: controller.signal });
  await expect.poll(async () => (await json<{ NEventsListener: number }>('/info')).NEventsListener).toBe(1);
  controller.abort();
  await following.catch(() => {});
  await expect.poll(async () => (await json<{ NEventsListener: number }>('/info')).NEventsListener).toBe(0);
});
