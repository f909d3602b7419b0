import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BuildRig, openBuildRig } from '../../../test/support/build-rig.ts';
import { fsckProblems } from '../../../test/support/fsck.ts';

let rig: BuildRig;

beforeAll(async () => {
  rig = await openBuildRig();
});
afterAll(async () => rig[Symbol.asyncDispose]());

interface Usage {
  ID: string;
  Type: string;
  Description: string;
  Size: number;
  InUse: boolean;
  Shared: boolean;
  Parents: string[] | null;
  UsageCount: number;
}

interface Builds {
  builds: { ref: string; name: string; status: string; counts: { total: number; cached: number } }[];
}

interface Build {
  status: string;
  error?: string;
  steps: { name: string; isCached: boolean; bytes?: number; why?: { reason: string; text: string } }[];
  profile: { wallMs: number; rows: { name: string }[] };
}

async function ask<T>(path: string): Promise<T> {
  const { status, text } = await rig.engine.request('GET', path);
  expect(status, text).toBe(200);
  return JSON.parse(text) as T;
}

const usage = async (): Promise<Usage[]> =>
  (await ask<{ BuildCache: Usage[] }>('/system/df?type=build-cache')).BuildCache;

async function prune(query = ''): Promise<{ CachesDeleted: string[]; SpaceReclaimed: number }> {
  const { status, text } = await rig.engine.request('POST', `/build/prune?${query}`);
  expect(status, text).toBe(200);
  return JSON.parse(text) as { CachesDeleted: string[]; SpaceReclaimed: number };
}

const filter = (filters: object): string => `filters=${encodeURIComponent(JSON.stringify(filters))}`;

async function lastBuild(): Promise<Build> {
  const { builds } = await ask<Builds>('/berth/builds');
  return ask<Build>(`/berth/builds/${builds[0]?.ref ?? ''}`);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await holds())) {
    expect(Date.now()).toBeLessThan(end);
    await sleep(50);
  }
}

test('what builds keep is listed with its size, and goes by what a filter names; nothing that is in use', async () => {
  const folder = await rig.contextOf({
    Dockerfile: `FROM busybox
RUN --mount=type=cache,id=big,target=/c head -c 300000 /dev/zero > /c/zeros && head -c 200000 /dev/zero > /zeros
ENV A=b
RUN echo tagged > /tagged
`,
  });
  expect((await rig.build(folder, '-t', 'tagged')).code).toBe(0);
  const all = await usage();
  const mount = all.find(({ Type }) => Type === 'exec.cachemount');
  expect(mount).toMatchObject({ Size: 300_000, InUse: false, Shared: false, UsageCount: 1 });
  const [big] = all.filter(({ Size }) => Size === 200_000);
  expect(big).toMatchObject({ Type: 'regular', Shared: true });
  const [child] = all.filter(({ Parents }) => Parents?.includes(big?.ID ?? '') === true);
  expect(child?.Description).toContain('A=b');

  const waits = 'RUN --mount=type=cache,id=big,target=/c until [ -e /c/go ]; do sleep 0.05; done\n';
  const cancel = new AbortController();
  const context = await rig.contextOf({ Dockerfile: `FROM busybox\nRUN echo kept > /kept\n${waits}` });
  const running = rig.engine.command(['docker', 'build', context], {
    env: { DOCKER_BUILDKIT: '0' },
    signal: cancel.signal,
  });
  await until(async () => (await usage()).some(({ Type, InUse }) => Type === 'exec.cachemount' && InUse));
  const first = await prune('all=1');
  expect(first.CachesDeleted).not.toContain(mount?.ID);
  expect((await usage()).map(({ Description }) => Description).join()).toContain('echo kept');
  cancel.abort();
  await running.catch(() => {});
  await until(async () => !(await usage()).some(({ InUse }) => InUse));

  expect((await prune(`all=1&${filter({ until: ['1h'] })}`)).CachesDeleted).toEqual([]);
  expect((await prune(filter({ type: ['regular'], description: ['nothing like it'] }))).CachesDeleted).toEqual([]);
  const mounts = await prune(filter({ type: ['exec.cachemount'] }));
  expect(mounts).toEqual({ CachesDeleted: [mount?.ID], SpaceReclaimed: 300_000 });
  expect(await readdir(join(rig.engine.dataRoot, 'builder', 'caches'))).toEqual([]);
  expect((await rig.engine.request('POST', `/build/prune?${filter({ colour: ['red'] })}`)).status).toBe(400);
});

/** Bytes that are told of images and of the build cache. */
const sizes = async (): Promise<[images: number, cache: number]> => {
  const { LayersSize, BuildCache } = await ask<{ LayersSize: number; BuildCache: Usage[] }>('/system/df');
  return [LayersSize, BuildCache.reduce((sum, { Size, Shared }) => sum + (Shared ? 0 : Size), 0)];
};

const zeros = (bytes: number): string => `RUN head -c ${bytes} /dev/zero > /zeros${bytes}\n`;

test('what only builds keep is told as that, and what images have as theirs', async () => {
  await prune('all=1');
  const [before] = await sizes();
  const Dockerfile = `FROM busybox AS one\n${zeros(300_000)}FROM busybox\nCOPY --from=one /zeros300000 /\n${zeros(20_000)}`;
  expect((await rig.build({ Dockerfile }, '-t', 'told')).code).toBe(0);
  expect(await sizes()).toEqual([before + 320_000, 300_000]);
  await prune();
  expect(await sizes()).toEqual([before + 320_000, 0]);
  await rig.engine.docker('rmi', 'told');
  expect(await sizes()).toEqual([before, 320_000]);
  await prune();
  expect(await sizes()).toEqual([before, 0]);
});

test('bytes that a prune tells of come back to the disk, down to a limit and the longest unused first', async () => {
  await prune('all=1');
  for (const name of ['first', 'second', 'third']) {
    const Dockerfile = `FROM busybox\nRUN echo ${name} && head -c 1000000 /dev/urandom > /random\n`;
    await rig.build({ Dockerfile }, '-t', 'random');
    await rig.engine.docker('rmi', '-f', 'random');
    await sleep(5);
  }
  const { SpaceReclaimed, CachesDeleted } = await prune('keep-storage=2000000');
  expect([SpaceReclaimed, CachesDeleted.length]).toEqual([1_000_000, 1]);
  const left = (await usage()).map(({ Description }) => Description).join();
  expect(left).not.toContain('first');
  expect(left).toContain('third');
  expect((await prune('all=1')).SpaceReclaimed).toBe(2_000_000);
  expect(await usage()).toEqual([]);
});

test('each build is remembered with why its steps were done, what they took and what they said', async () => {
  const files = {
    Dockerfile: 'FROM busybox\nARG WHO=a\nRUN echo hello $WHO\nCOPY dir /dir\nRUN cat /dir/file > /out\nRUN echo end\n',
    'dir/file': 'a',
  };
  const folder = await rig.contextOf(files);
  const why = async (...flags: string[]): Promise<string[]> => {
    const { code, stderr } = await rig.build(folder, '-t', 'why', ...flags);
    expect(code, stderr).toBe(0);
    const { steps } = await lastBuild();
    return steps.filter(({ name }) => /RUN|COPY/.test(name)).map((step) => step.why?.text ?? '');
  };
  expect(await why()).toEqual(Array.from({ length: 4 }, () => 'no earlier build had a step here'));
  expect(new Set(await why())).toEqual(new Set(['as in an earlier build']));
  await writeFile(join(folder, 'dir/file'), 'b');
  const [unchanged, copied, after, last] = await why();
  expect(unchanged).toBe('as in an earlier build');
  expect(copied).toMatch(/file changed|files changed/);
  expect(after).toMatch(/^COPY dir \/dir before it changed: .*file changed$/);
  expect(last).toMatch(
    /^RUN cat \/dir\/file > \/out before it was done anew, because of COPY dir \/dir: .*file changed$/,
  );
  expect((await why('--build-arg', 'WHO=b'))[0]).toMatch(/WHO.*a → b/);
  expect(new Set(await why('--no-cache'))).toEqual(new Set(['the build asks for it to be done anew']));

  const { builds } = await ask<Builds>('/berth/builds');
  expect(builds[0]).toMatchObject({ name: 'why:latest', status: 'completed' });
  const ref = builds[0]?.ref ?? '';
  expect((await rig.engine.request('GET', `/berth/builds/${ref}/logs`)).text).toBe('hello a\nend\n');
  const { traceEvents } = await ask<{ traceEvents: { ph: string; name: string }[] }>(`/berth/builds/${ref}/trace`);
  expect(traceEvents.some(({ ph, name }) => ph === 'X' && name.includes('RUN echo hello'))).toBe(true);
  expect(await ask(`/berth/builds/${ref}/trace?form=otlp`)).toMatchObject({ resourceSpans: [{}] });
  await rig.build({ Dockerfile: 'FROM busybox\nRUN echo so it goes; exit 3\n' });
  expect(await lastBuild()).toMatchObject({ status: 'failed', error: expect.stringContaining('3') as unknown });

  await rig.engine.restart();
  const kept = await ask<Build>(`/berth/builds/${ref}`);
  expect(kept.profile.rows.some(({ name }) => name.includes('RUN echo hello'))).toBe(true);
  expect((await rig.engine.request('DELETE', `/berth/builds/${ref}`)).status).toBe(204);
  expect((await rig.engine.request('GET', `/berth/builds/${ref}`)).status).toBe(404);
});

test('a build that waits for a step of another does it itself when the other is cancelled', async () => {
  const folder = await rig.contextOf({
    Dockerfile: `FROM busybox
RUN --mount=type=cache,id=turns,target=/c echo x >> /c/turns; if [ $(wc -l < /c/turns) = 1 ]; then sleep 60; fi; cp /c/turns /turns
CMD wc -l < /turns
`,
  });
  const cancel = new AbortController();
  const first = rig.engine.command(['docker', 'build', folder], { signal: cancel.signal });
  await until(async () => (await usage()).some(({ InUse, Size }) => InUse && Size === 2)); // it runs
  const others = ['one', 'two'].map((name) => rig.build(folder, '-q', '-t', name));
  await sleep(300);
  cancel.abort();
  await first.catch(() => {});
  const built = await Promise.all(others);
  expect(built.map(({ code }) => code)).toEqual([0, 0]);
  expect(built[0]?.stdout).toBe(built[1]?.stdout);
  expect((await rig.engine.docker('run', '--rm', 'one')).stdout.trim()).toBe('2');
});

test('what is copied from a stage is looked at only if the stage is another; one that was done anew is', async () => {
  const folder = await rig.contextOf({
    Dockerfile: `FROM busybox AS made
RUN cat /proc/sys/kernel/random/uuid > /when
FROM busybox
COPY --from=made /when /when
CMD cat /when
`,
  });
  const build = async (...flags: string[]): Promise<string> => {
    const { code, stderr } = await rig.engine.berth('build', '-t', 'copied', ...flags, folder);
    expect(code, stderr).toBe(0);
    return (await rig.engine.docker('run', '--rm', 'copied')).stdout;
  };
  const first = await build();
  expect(await build()).toBe(first);
  expect((await lastBuild()).steps.filter(({ isCached }) => isCached)).not.toHaveLength(0);
  const second = await build('--no-cache-filter', 'made');
  expect(second).not.toBe(first);
  expect(await build()).toBe(second);
});

test('an engine that is killed while it builds leaves no record without files, and no files without record', async () => {
  const folder = await rig.contextOf({
    Dockerfile: `FROM busybox
RUN head -c 100000 /dev/urandom > /one
RUN --mount=type=cache,id=killed,target=/c head -c 100000 /dev/urandom > /c/x; cp /c/x /two; sleep 0.3
RUN echo three > /three
`,
  });
  const trees = async (): Promise<number> => {
    const names = await readdir(join(rig.engine.dataRoot, 'snapshots'));
    return names.filter((name) => !name.startsWith('.')).length;
  };
  await prune('all=1');
  const before = await trees();
  for (const delay of [300, 900]) {
    const building = rig.engine.command(['docker', 'build', '-t', 'killed', folder]);
    await sleep(delay);
    await rig.engine.kill('SIGKILL');
    await building.catch(() => {});
    await rig.engine.start();
    expect(await fsckProblems(rig.engine, '--fast')).toEqual([]);
  }
  expect((await rig.build(folder, '-t', 'killed')).code).toBe(0);
  const mounts = (await usage()).filter(({ Type }) => Type === 'exec.cachemount');
  const folders = await readdir(join(rig.engine.dataRoot, 'builder', 'caches'));
  expect(folders.toSorted()).toEqual(mounts.map(({ ID }) => ID).toSorted());
  await rig.engine.docker('rmi', '-f', 'killed');
  await prune('all=1');
  expect(await usage()).toEqual([]);
  expect(await trees()).toBe(before);
});
