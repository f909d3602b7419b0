import { expect, test } from 'vitest';
import { parseMountFlag } from '#dockerfile/mount-flag.ts';
import type { StageRun } from '../../build-run.ts';
import { type CachePlan, planCache } from './cache-mount.ts';

async function plan(options: string, args: Readonly<Record<string, string>> = {}): Promise<CachePlan> {
  const run = {
    build: { request: { buildArgs: new Map(Object.entries(args)) } },
    vertex: { facts: { name: '[1/2] RUN x' } },
  } as unknown as StageRun;
  await using resources = new AsyncDisposableStack();
  return await planCache(run, parseMountFlag(`type=cache,${options}`), resources);
}

test.each([
  ['target=/root/.cache', { id: '/root/.cache', sharing: 'shared', seed: undefined }],
  ['target=/root//.cache/', { id: '/root/.cache' }],
  [
    'target=/x,id=pip,sharing=locked,mode=0700,uid=1,gid=2',
    { id: 'pip', sharing: 'locked', mode: 0o700, uid: 1, gid: 2 },
  ],
])('%s', async (options, expected) => {
  expect(await plan(options)).toMatchObject(expected);
});

test('a build argument sets the caches of builds apart', async () => {
  const { id } = await plan('target=/x,id=pip', { BUILDKIT_CACHE_MOUNT_NS: 'team' });
  expect(id).toBe('team/pip');
});

test('people are told where a cache comes from', async () => {
  expect((await plan('target=/x,id=pip')).description).toBe('cached mount /x from exec [1/2] RUN x with id "pip"');
});
