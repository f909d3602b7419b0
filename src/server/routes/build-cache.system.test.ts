import { chmod, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BuildRig, openBuildRig } from '../../../test/support/build-rig.ts';

let rig: BuildRig;

beforeAll(async () => {
  rig = await openBuildRig();
});
afterAll(async () => rig[Symbol.asyncDispose]());

test('a step is taken from an earlier build unless what it depends on changed', async () => {
  const folder = await rig.contextOf({
    Dockerfile: 'FROM busybox\nCOPY dir /dir\nRUN cat /proc/sys/kernel/random/uuid > /when\nCMD cat /when\n',
    'dir/file': 'a',
  });
  const first = await rig.buildAndRun(folder, '-t', 'cached');
  const { Id: id } = await rig.inspect('cached');
  const again = await rig.build(folder, '-t', 'cached');
  expect(again.stdout.match(/---> Using cache/g)).toHaveLength(3);
  expect((await rig.inspect('cached')).Id).toBe(id);
  await utimes(join(folder, 'dir/file'), 1, 1);
  expect(await rig.buildAndRun(folder)).toBe(first);
  await chmod(join(folder, 'dir/file'), 0o755);
  const second = await rig.buildAndRun(folder);
  expect(second).not.toBe(first);
  await writeFile(join(folder, 'dir/file'), 'b');
  expect(await rig.buildAndRun(folder)).not.toBe(second);
  const fresh = await rig.build(folder, '--no-cache');
  expect(fresh.stdout).not.toContain('Using cache');
});

test('a build argument is part of the steps that see it, a proxy is not', async () => {
  const folder = await rig.contextOf({
    Dockerfile: 'FROM busybox\nRUN echo before\nARG WHO\nRUN echo $WHO $HTTP_PROXY > /who\nCMD cat /who\n',
  });
  expect(await rig.buildAndRun(folder, '--build-arg', 'WHO=a', '--build-arg', 'HTTP_PROXY=p')).toBe('a p\n');
  const other = await rig.build(folder, '--build-arg', 'WHO=b');
  expect(other.stdout.match(/---> Using cache/g)).toHaveLength(2);
  const same = await rig.build(folder, '--build-arg', 'WHO=a', '--build-arg', 'HTTP_PROXY=q');
  expect(same.stdout.match(/---> Using cache/g)).toHaveLength(4);
  expect((await rig.build(folder, '--build-arg', 'NOPE=1')).stdout).toContain(
    '[Warning] One or more build-args [NOPE] were not consumed',
  );
});

test('pruning forgets steps, and images keep what they need', async () => {
  await rig.build({ Dockerfile: 'FROM busybox\nRUN echo kept > /kept\nCMD cat /kept\n' }, '-t', 'kept');
  await rig.build({ Dockerfile: 'FROM busybox\nRUN echo kept > /kept\nRUN echo more > /more\nRUN false\n' });
  const pruned = await rig.engine.request('POST', '/build/prune?all=1');
  expect(pruned.status).toBe(200);
  expect((JSON.parse(pruned.text) as { CachesDeleted: string[] }).CachesDeleted.length).toBeGreaterThan(2);
  expect((await rig.engine.docker('run', '--rm', 'kept')).stdout).toBe('kept\n');
  const again = await rig.build({ Dockerfile: 'FROM busybox\nRUN echo kept > /kept\nCMD cat /kept\n' });
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).not.toContain('Using cache');
});

test('stages that do not need each other are built side by side, and shown one after another', async () => {
  const slow = 'RUN mkfifo /ready 2>/dev/null; sleep 1; echo';
  const built = await rig.build({
    Dockerfile: `FROM busybox AS one
${slow} one > /one
FROM busybox AS two
${slow} two > /two
FROM busybox
COPY --from=one /one /
COPY --from=two /two /
`,
  });
  expect(built).toMatchObject({ code: 0 });
  const steps = [...built.stdout.matchAll(/^Step (\d+)\/7/gm)].map(([, number]) => number);
  expect(steps).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  const ask = async <T>(path: string): Promise<T> => JSON.parse((await rig.engine.request('GET', path)).text) as T;
  const { builds } = await ask<{ builds: { ref: string }[] }>('/berth/builds');
  const { steps: done } = await ask<{ steps: { name: string; started: number; completed: number }[] }>(
    `/berth/builds/${builds[0]?.ref ?? ''}`,
  );
  const [one, two] = done.filter(({ name }) => name.includes('RUN'));
  expect(one?.started).toBeLessThan(two?.completed ?? 0);
  expect(two?.started).toBeLessThan(one?.completed ?? 0);
});

test('builds of the same file at the same time do each step once and end in the same image', async () => {
  const folder = await rig.contextOf({
    Dockerfile:
      'FROM busybox\nCOPY file /file\nRUN sleep 0.3; cat /proc/sys/kernel/random/uuid > /when\nRUN echo more >> /when\n',
    file: 'shared',
  });
  const built = await Promise.all([1, 2, 3, 4].map(() => rig.build(folder, '-q')));
  expect(built.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(new Set(built.map(({ stdout }) => stdout)).size).toBe(1);
});

test('an image that is removed while its steps are kept comes back from them', async () => {
  const folder = await rig.contextOf({
    Dockerfile: 'FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /when\nCMD cat /when\n',
  });
  const first = await rig.buildAndRun(folder, '-t', 'gone');
  expect(await rig.engine.docker('rmi', 'gone')).toMatchObject({ code: 0 });
  await rig.engine.restart();
  expect(await rig.buildAndRun(folder)).toBe(first);
});

test('a step done anew takes nothing from what was done on its former result', async () => {
  const folder = await rig.contextOf({
    Dockerfile: 'FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /when\nRUN cp /when /copy\nCMD cmp /when /copy\n',
  });
  await rig.buildAndRun(folder);
  await rig.buildAndRun(folder, '--no-cache');
  await rig.buildAndRun(folder);
});

test('steps done anew do not pile up', async () => {
  const folder = await rig.contextOf({
    Dockerfile:
      'FROM busybox AS made\nRUN cat /proc/sys/kernel/random/uuid > /when\nFROM busybox\nCOPY --from=made /when /\n',
  });
  const trees = async (): Promise<number> => (await readdir(join(rig.engine.dataRoot, 'snapshots'))).length;
  expect(await rig.build(folder, '--no-cache', '-t', 'piled')).toMatchObject({ code: 0 });
  const before = await trees();
  for (let count = 0; count < 3; count++)
    expect(await rig.build(folder, '--no-cache', '-t', 'piled', '--force-rm')).toMatchObject({ code: 0 });
  await rig.engine.docker('image', 'prune', '-f');
  expect(await trees()).toBeLessThanOrEqual(before);
});
