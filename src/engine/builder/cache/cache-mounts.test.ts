import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MIGRATIONS } from '../../migrations.ts';
import { type Database, openDatabase } from '#lib/sqlite.ts';
import { type CacheMountAsk, type CacheMounts, openCacheMounts } from './cache-mounts.ts';

let folder: string;
let database: Database;
let mounts: CacheMounts;

beforeEach(async () => {
  folder = await mkdtemp('/tmp/b-mounts-');
  database = openDatabase(join(folder, 'db'), MIGRATIONS);
  mounts = await openCacheMounts(database, join(folder, 'caches'));
});
afterEach(async () => {
  database.close();
  await rm(folder, { recursive: true, force: true });
});

const use = { ref: 'build', signal: new AbortController().signal };
const ask = (sharing: CacheMountAsk['sharing'], more: Partial<CacheMountAsk> = {}): CacheMountAsk => ({
  id: 'pip',
  sharing,
  description: 'mount /pip',
  ...more,
});
const soon = async <T>(work: Promise<T>): Promise<T | 'waits'> =>
  Promise.race([work, new Promise<'waits'>((resolve) => setTimeout(() => resolve('waits'), 30))]);

test('a shared cache is one folder for all, and keeps what was written', async () => {
  {
    await using one = await mounts.open([ask('shared')], use);
    await using two = await mounts.open([ask('shared')], use);
    expect(two.paths).toEqual(one.paths);
    await writeFile(join(one.paths[0] ?? '', 'wheel'), 'x'.repeat(100));
  }
  const again = await openCacheMounts(database, join(folder, 'caches'));
  await using three = await again.open([ask('shared')], use);
  expect(await readFile(join(three.paths[0] ?? '', 'wheel'), 'utf8')).toHaveLength(100);
  expect(await again.list()).toMatchObject([{ id: 'pip', bytes: 100, uses: 3, isUsed: true }]);
});

test('a locked cache has one user at a time; who waits goes on when it is free, or when it is cancelled', async () => {
  const first = await mounts.open([ask('locked')], use);
  const second = mounts.open([ask('locked')], use);
  const cancel = new AbortController();
  const third = mounts.open([ask('locked')], { ref: 'other', signal: cancel.signal });
  expect(await soon(second)).toBe('waits');
  cancel.abort(new Error('enough'));
  await expect(third).rejects.toThrow('enough');
  await first[Symbol.asyncDispose]();
  await using opened = await second;
  expect(opened.paths).toEqual(first.paths);
});

test('a private cache gives a second user another folder, and both are used again', async () => {
  const one = await mounts.open([ask('private')], use);
  const two = await mounts.open([ask('private')], use);
  expect(two.paths).not.toEqual(one.paths);
  await one[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
  await using again = await mounts.open([ask('private')], use);
  expect(again.paths).toEqual(one.paths);
  expect(await mounts.list()).toHaveLength(2);
});

test('a step that wants the same cache twice does not wait for itself', async () => {
  await using opened = await mounts.open([ask('shared'), ask('locked'), ask('locked', { id: 'apt' })], use);
  const [one, two, other] = opened.paths;
  expect(two).toBe(one);
  expect(other).not.toBe(one);
  expect(await soon(mounts.open([ask('locked', { id: 'apt' }), ask('locked')], use).then(() => 'opened'))).toBe(
    'waits',
  );
});

test('owner, mode and beginning make another cache', async () => {
  const seed = { identity: 's', fill: (path: string) => writeFile(join(path, 'seeded'), 'yes') };
  await using opened = await mounts.open(
    [ask('shared'), ask('shared', { uid: 1000, gid: 1000, mode: 0o700 }), ask('shared', { seed })],
    use,
  );
  const [, owned = '', seeded = ''] = opened.paths;
  expect(new Set(opened.paths).size).toBe(3);
  const { uid, mode } = await stat(owned);
  expect([uid, mode & 0o777]).toEqual([1000, 0o700]);
  expect(await readFile(join(seeded, 'seeded'), 'utf8')).toBe('yes');
});

test('a cache that cannot be filled leaves nothing, and who waited for it makes its own', async () => {
  let count = 0;
  const fill = async (path: string): Promise<void> => {
    count += 1;
    const isFirst = count === 1;
    await mkdir(join(path, 'part'));
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (isFirst) throw new Error('broken');
  };
  const seeded = ask('shared', { seed: { identity: 's', fill } });
  const [first, second] = await Promise.allSettled([mounts.open([seeded], use), mounts.open([seeded], use)]);
  expect(first).toMatchObject({ status: 'rejected' });
  expect(second).toMatchObject({ status: 'fulfilled' });
  expect(await readdir(join(folder, 'caches'))).toHaveLength(1);
});

test('what is used is not removed; what has no record is not kept', async () => {
  const opened = await mounts.open([ask('shared')], use);
  const [record] = await mounts.list();
  const name = record?.folder ?? '';
  expect(await mounts.remove(name)).toBe(false);
  await opened[Symbol.asyncDispose]();
  expect(await mounts.remove(name)).toBe(true);
  expect(await mounts.list()).toEqual([]);
  await mkdir(join(folder, 'caches', 'stray'));
  await openCacheMounts(database, join(folder, 'caches'));
  expect(await readdir(join(folder, 'caches'))).toEqual([]);
});

test('what a build imported is the beginning of its new caches; it is told what it used', async () => {
  mounts.offer('build', new Map([['pip', (path: string) => writeFile(join(path, 'imported'), 'yes')]]));
  const opened = await mounts.open([ask('shared')], use);
  expect(await readdir(opened.paths[0] ?? '')).toEqual(['imported']);
  expect(mounts.usedBy('build').map(({ id }) => id)).toEqual(['pip']);
  const hold = mounts.hold(mounts.usedBy('build')[0]?.folder ?? '', use.signal);
  expect(await soon(hold)).toBe('waits');
  await opened[Symbol.asyncDispose]();
  await using held = await hold;
  expect(held?.path).toBe(opened.paths[0]);
  mounts.endBuild('build');
  expect(mounts.usedBy('build')).toEqual([]);
});
