import { mkdir, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NotFoundError } from '#lib/errors.ts';
import { openDatabase } from '#lib/sqlite.ts';
import { unmount } from '#linux/mount.ts';
import { mountsBelow } from '#linux/mounts-below.ts';
import type { EngineEvent } from '../events/events.ts';
import { MIGRATIONS } from '../migrations.ts';
import { openVolumes } from './open-volumes.ts';

async function* nobody(): AsyncGenerator<EngineEvent> {}
const events = { publish: () => {}, subscribe: nobody };

test('a volume over a folder of the host shows it, survives a reboot, and goes without touching it', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'volumes-'));
  const device = join(root.path, 'device');
  await mkdir(device);
  await writeFile(join(device, 'file'), 'precious');
  const database = openDatabase(':memory:', MIGRATIONS);
  const volumes = await openVolumes({ database, root: join(root.path, 'volumes'), events });
  const { mountpoint } = await volumes.create({ name: 'host', options: { type: 'none', o: 'bind', device } });
  expect(await readFile(join(mountpoint, 'file'), 'utf8')).toBe('precious');
  unmount(mountpoint);
  const again = await openVolumes({ database, root: join(root.path, 'volumes'), events });
  expect(await readFile(join(mountpoint, 'file'), 'utf8')).toBe('precious');
  await again.remove('host');
  expect(await readFile(join(device, 'file'), 'utf8')).toBe('precious');
  expect(mountsBelow(root.path)).toEqual([]);
});

test('a volume in memory is mounted once, and a device that is not there leaves nothing behind', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'volumes-'));
  const volumes = await openVolumes({
    database: openDatabase(':memory:', MIGRATIONS),
    root: join(root.path, 'v'),
    events,
  });
  const { mountpoint } = await volumes.create({
    name: 'memory',
    options: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,uid=1000' },
  });
  await volumes.get('memory');
  expect(mountsBelow(root.path)).toEqual([mountpoint]);
  await volumes.remove('memory');
  const missing = { type: 'none', o: 'bind', device: join(root.path, 'nowhere') };
  await expect(volumes.create({ name: 'missing', options: missing })).rejects.toThrow(NotFoundError);
  expect(await readdir(join(root.path, 'v'))).toEqual([]);
});
