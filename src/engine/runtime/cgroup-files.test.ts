import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CgroupLayout } from '#linux/cgroup.ts';
import { isFrozen, setFrozen } from './freezer.ts';
import { oomKills } from './oom.ts';

/** A group with these files, in a layout of one tree or of a tree per controller. */
async function layout(
  root: string,
  { version, files }: { version: 1 | 2; files: Record<string, string> },
): Promise<CgroupLayout> {
  const controllers = new Map<string, string>();
  for (const [path, text] of Object.entries(files)) {
    const [controller = ''] = path.split('.');
    const mountPoint = version === 2 ? root : join(root, controller);
    controllers.set(controller, mountPoint);
    await mkdir(join(mountPoint, 'group'), { recursive: true });
    await writeFile(join(mountPoint, 'group', path), text);
  }
  return { version, unified: version === 2 ? root : undefined, controllers };
}

test('version 2 is frozen by cgroup.freeze, and is when cgroup.events says so', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'cgroup-'));
  const files = { 'cgroup.freeze': '0', 'cgroup.events': 'populated 1\nfrozen 1\n' };
  const cgroups = await layout(root.path, { version: 2, files });
  await setFrozen(cgroups, 'group', true);
  expect(await readFile(join(root.path, 'group', 'cgroup.freeze'), 'utf8')).toBe('1');
  expect(await isFrozen(cgroups, 'group')).toBe(true);
  await writeFile(join(root.path, 'group', 'cgroup.events'), 'populated 1\nfrozen 0\n');
  await setFrozen(cgroups, 'group', false);
  expect(await readFile(join(root.path, 'group', 'cgroup.freeze'), 'utf8')).toBe('0');
});

test('version 1 is frozen by the state of its freezer', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'cgroup-'));
  const cgroups = await layout(root.path, { version: 1, files: { 'freezer.state': 'THAWED' } });
  expect(await isFrozen(cgroups, 'group')).toBe(false);
  await setFrozen(cgroups, 'group', true);
  expect(await isFrozen(cgroups, 'group')).toBe(true);
});

test('kills for lack of memory are counted in either version; a group that is gone has none', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'cgroup-'));
  const second = await layout(join(root.path, '2'), { version: 2, files: { 'memory.events': 'oom 4\noom_kill 3\n' } });
  expect(await oomKills(second, 'group')).toBe(3);
  const files = { 'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n' };
  const first = await layout(join(root.path, '1'), { version: 1, files });
  expect(await oomKills(first, 'group')).toBe(2);
  expect(await oomKills(first, 'other')).toBe(0);
});
