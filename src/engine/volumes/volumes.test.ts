import { link, mkdir, mkdtempDisposable, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { openDatabase } from '#lib/sqlite.ts';
import type { EngineEvent } from '../events/events.ts';
import { MIGRATIONS } from '../migrations.ts';
import { openVolumes } from './open-volumes.ts';
import type { Volumes } from './volumes.ts';

async function* nobody(): AsyncGenerator<EngineEvent> {}

async function openIn(root: string, published: string[] = []): Promise<Volumes> {
  const events = {
    publish: ({ action, id }: Omit<EngineEvent, 'timeNano'>) => void published.push(`${action} ${id}`),
    subscribe: nobody,
  };
  return openVolumes({ database: openDatabase(':memory:', MIGRATIONS), root: join(root, 'volumes'), events });
}

test('a volume is made once, however often it is asked for', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'volumes-'));
  const published: string[] = [];
  const volumes = await openIn(root.path, published);
  const all = await Promise.all(
    ['a', 'b', 'c'].map(async (value) => volumes.create({ name: 'data', labels: { x: value } })),
  );
  expect(all.map(({ labels }) => labels)).toEqual([{ x: 'a' }, { x: 'a' }, { x: 'a' }]);
  expect(published).toEqual(['create data']);
  expect((await stat(all[0]?.mountpoint ?? '')).mode & 0o777).toBe(0o755);
});

test('a volume without a name is anonymous', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'volumes-'));
  const volumes = await openIn(root.path);
  const { name, anonymous, labels } = await volumes.create({});
  expect(name).toMatch(/^[0-9a-f]{64}$/);
  expect(anonymous).toBe(true);
  expect(labels).toEqual({ 'com.docker.volume.anonymous': '' });
  expect((await volumes.create({ name: 'named' })).anonymous).toBe(false);
});

test('names that would lead elsewhere and drivers that are not there are refused', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'volumes-'));
  const volumes = await openIn(root.path);
  for (const name of ['..', '../x', 'a/b', '-a', 'x', 'a\n'])
    await expect(volumes.create({ name })).rejects.toThrow(InvalidArgumentError);
  await expect(volumes.create({ name: 'aa', driver: 'nfs' })).rejects.toThrow(NotFoundError);
  await expect(volumes.create({ name: 'aa', options: { color: 'red' } })).rejects.toThrow('invalid option: "color"');
  expect(await readdir(join(root.path, 'volumes'))).toEqual([]);
});

test('a removed volume is gone with its files', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'volumes-'));
  const volumes = await openIn(root.path);
  const { mountpoint } = await volumes.create({ name: 'data' });
  await writeFile(join(mountpoint, 'file'), 'x');
  await volumes.remove('data');
  await expect(volumes.get('data')).rejects.toThrow('get data: no such volume');
  await expect(volumes.remove('data')).rejects.toThrow(NotFoundError);
  expect(await readdir(join(root.path, 'volumes'))).toEqual([]);
});

test('the size counts a file with two names once', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'volumes-'));
  const volumes = await openIn(root.path);
  const { mountpoint } = await volumes.create({ name: 'data' });
  await mkdir(join(mountpoint, 'folder'));
  await writeFile(join(mountpoint, 'folder/file'), 'x'.repeat(1000));
  await link(join(mountpoint, 'folder/file'), join(mountpoint, 'again'));
  expect(await volumes.size('data')).toBe(1000);
});
