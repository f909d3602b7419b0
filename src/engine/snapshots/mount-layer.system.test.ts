import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseDeviceNumber } from '#linux/mknod.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import { stackTar, tarOf } from './conformance.ts';
import { openTestSnapshots } from './test-snapshots.ts';

const DEVICES = '/sys/class/bdi';
const ATTEMPTS = 20;

function erofsDevices(): string[] {
  return readdirSync(DEVICES).filter((name) => name.startsWith('erofs-'));
}

function readAheadOf(device: string): string {
  return readFileSync(join(DEVICES, device, 'read_ahead_kb'), 'utf8');
}

test('a layer is read ahead as far as the disk that its file lies on', async () => {
  await using rig = await openTestSnapshots({ form: 'directio' });
  await stackTar(rig, { name: 'base' }, tarOf({ name: 'a', content: 'a' }));
  const target = join(rig.folder, 'target');
  await mkdir(target);
  const { major, minor } = parseDeviceNumber(statSync(rig.folder, { bigint: true }).dev);
  const wanted = readAheadOf(`${major}:${minor}`);
  for (let attempt = 0; ; attempt++) {
    const before = erofsDevices();
    for (const mount of await rig.snapshots.prepare(`run-${attempt}`, 'base')) mountAt(target, mount);
    const added = erofsDevices().filter((name) => !before.includes(name));
    const found = added.length === 1 ? readAheadOf(added[0] ?? '') : undefined;
    unmount(target);
    await rig.snapshots.remove(`run-${attempt}`);
    if (found !== undefined) {
      expect(found).toBe(wanted);
      return;
    }
    // Somebody else mounted at the same time, or the mount was still there from before.
    expect(attempt).toBeLessThan(ATTEMPTS);
    await rig.snapshots.remove('base');
    await stackTar(rig, { name: 'base' }, tarOf({ name: 'a', content: `a${attempt}` }));
  }
});
