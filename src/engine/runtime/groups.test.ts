import { existsSync } from 'node:fs';
import { mkdir, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Groups, openGroups } from './groups.ts';

interface Place extends AsyncDisposable {
  /** Stands for the mount point of the control groups. */
  root: string;
  open(): Groups;
}

async function place(): Promise<Place> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'groups-'));
  const [root, bundles] = [join(folder.path, 'cgroup'), join(folder.path, 'bundles')];
  await mkdir(root);
  await mkdir(join(bundles, 'run-1'), { recursive: true });
  const cgroups = { version: 2 as const, unified: root, controllers: new Map() };
  return {
    root,
    open: () => openGroups({ bundles, engineId: 'abc', own: '/berth-abc', cgroups }),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

test('a container is below the group of its engine, or below the one that is asked for', async () => {
  await using here = await place();
  const groups = here.open();
  expect(groups.of('run-1')).toBe('/berth-abc/run-1');
  await groups.placeBelow('run-1', 'team//builds/');
  expect(groups.of('run-1')).toBe('/team/builds/berth-abc-run-1');
});

test('the next engine knows where it is', async () => {
  await using here = await place();
  await here.open().placeBelow('run-1', '/team');
  expect(here.open().of('run-1')).toBe('/team/berth-abc-run-1');
});

test('groups that were made for it go with it, others stay', async () => {
  await using here = await place();
  await mkdir(join(here.root, 'team'));
  const groups = here.open();
  await groups.placeBelow('run-1', '/team/new/deep');
  await mkdir(join(here.root, 'team/new/deep'), { recursive: true });
  await groups.forget('run-1');
  expect(existsSync(join(here.root, 'team/new'))).toBe(false);
  expect(existsSync(join(here.root, 'team'))).toBe(true);
});

test.each(['', '/', '../x', 'a/../../b', 'a\nb'])('%j is no group to be below', async (parent) => {
  await using here = await place();
  await expect(here.open().placeBelow('run-1', parent)).rejects.toThrow('invalid cgroup parent');
});
