import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Host } from '#engine/runtime/host.ts';
import { resourcesOf, checkResources } from './resources.ts';
import { sampleContainer } from './stats.ts';

const host: Host = {
  machine: 'x86_64',
  capabilities: new Set(),
  canRaiseLimits: true,
  limits: new Map(),
  oomScoreAdj: 0,
  cgroups: { version: 2, unified: undefined, controllers: new Map() },
  swapLimit: true,
  appArmor: false,
  memoryBytes: 2 ** 34,
  processors: 4,
  thermalPaths: [],
};

test('counters of version 2 come out in the units of version 1', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'stats-'));
  const files = {
    'cpu.stat': 'usage_usec 3000\nuser_usec 2000\nsystem_usec 1000\nnr_periods 5\nnr_throttled 2\nthrottled_usec 7\n',
    'memory.current': '1048576\n',
    'memory.max': 'max\n',
    'memory.stat': 'anon 5\ninactive_file 4096\n',
    'memory.events': 'oom 1\noom_kill 1\n',
    'pids.current': '3\n',
    'pids.max': '100\n',
    'io.stat': '8:0 rbytes=11 wbytes=22 rios=1 wios=2 dbytes=0 dios=0\n',
  };
  await mkdir(join(root.path, 'group'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(root.path, 'group', name), text);
  const cgroups: Host['cgroups'] = { version: 2, unified: root.path, controllers: new Map() };
  const runtime = { host: { ...host, cgroups }, groupOf: () => 'group' };
  const sample = await sampleContainer({ runtime }, { id: 'x', task: undefined });
  expect(sample.cpu).toMatchObject({ total: 3_000_000, user: 2_000_000, kernel: 1_000_000, periods: 5, throttledPeriods: 2, throttledNanos: 7000 }); // prettier-ignore
  expect(sample.memory).toMatchObject({ usage: 1_048_576, limit: 2 ** 34, failures: 1 });
  expect(sample.memory.stats).toMatchObject({ inactive_file: 4096 });
  expect(sample.pids).toEqual({ current: 3, limit: 100 });
  expect(sample.io).toEqual([
    { major: 8, minor: 0, op: 'read', value: 11 },
    { major: 8, minor: 0, op: 'write', value: 22 },
  ]);
});

test('limits become what the runtime takes, and those that are not set are left out', () => {
  expect(resourcesOf({}, host)).toEqual({});
  expect(resourcesOf({ memory: 2 ** 24, nanoCpus: 1.5e9, pidsLimit: 10, cpuShares: 512 }, host)).toEqual({
    memory: { limit: 2 ** 24, swap: 2 ** 25 },
    cpu: { shares: 512, period: 100_000, quota: 150_000 },
    pids: { limit: 10 },
  });
  expect(resourcesOf({ memory: 2 ** 24 }, { ...host, swapLimit: false })).toEqual({ memory: { limit: 2 ** 24 } });
  expect(resourcesOf({ memorySwappiness: 10, pidsLimit: -1 }, host)).toEqual({});
});

test('limits that cannot be are refused in the words of Docker', () => {
  expect(() => checkResources({ memory: 1024 }, host)).toThrow('Minimum memory limit allowed is 6MB');
  expect(() => checkResources({ memorySwap: 2 ** 24 }, host)).toThrow('You should always set the Memory limit');
  expect(() => checkResources({ nanoCpus: 5e9 }, host)).toThrow('range of CPUs is from 0.01 to 4.00');
  expect(() => checkResources({ cpuPeriod: 10 }, host)).toThrow('CPU cfs period');
  expect(() => checkResources({ memory: 2 ** 24, nanoCpus: 1e9 }, host)).not.toThrow();
});
