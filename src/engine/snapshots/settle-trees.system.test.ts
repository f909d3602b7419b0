import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NotFoundError } from '#lib/errors.ts';
import { openTestSnapshots, type TestSnapshots } from './test-snapshots.ts';

async function commit(rig: TestSnapshots, name: string, parent?: string): Promise<void> {
  await rig.snapshots.prepare(`active-${name}`, parent);
  writeFileSync(join(rig.snapshots.paths(`active-${name}`).tree, name), name);
  await rig.snapshots.commit(`active-${name}`, name);
}

const unsettled = (rig: TestSnapshots): unknown[] =>
  rig.database.prepare('SELECT name FROM snapshots WHERE witness IS NOT NULL ORDER BY name').all().map((row) => row['name']); // prettier-ignore

test('a committed tree goes to the disk in the background, at the latest when the engine stops', async () => {
  await using rig = await openTestSnapshots();
  await commit(rig, 'first');
  expect(unsettled(rig)).toEqual(['first']);
  await expect.poll(() => unsettled(rig), { timeout: 10_000 }).toEqual([]);
  await commit(rig, 'second', 'first');
  await rig.snapshots.prepare('removed', 'first');
  await rig.snapshots.commit('removed', 'gone');
  await rig.snapshots.remove('gone');
  await rig.reopen();
  expect(unsettled(rig)).toEqual([]);
  expect((await rig.snapshots.stat('second')).parent).toBe('first');
});

test('a tree that was not there yet survives the death of the engine, and is gone after a power cut with all that builds on it', async () => {
  await using rig = await openTestSnapshots();
  await commit(rig, 'below');
  await rig.reopen();
  await commit(rig, 'settling', 'below');
  await commit(rig, 'above', 'settling');
  await rig.snapshots.prepare('running', 'above');
  await rig.reopen({ killed: true });
  expect(unsettled(rig)).toEqual(['above', 'settling']);
  expect(readFileSync(join(rig.snapshots.paths('above').tree, 'above'), 'utf8')).toBe('above');
  rig.database.exec("UPDATE snapshots SET witness = 'another boot' WHERE name = 'settling'");
  await rig.reopen({ killed: true });
  for (const name of ['settling', 'above', 'running'])
    await expect(rig.snapshots.stat(name)).rejects.toThrow(NotFoundError);
  expect((await rig.snapshots.list()).map(({ name }) => name)).toEqual(['below']);
  expect(readdirSync(join(rig.folder, 'snapshots')).filter((name) => !name.startsWith('.'))).toHaveLength(1);
  await commit(rig, 'settling', 'below');
});
