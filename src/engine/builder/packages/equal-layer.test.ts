import { lstatSync, mkdirSync, mkdtempDisposableSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NotFoundError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { sha256 } from '#lib/sha256.ts';
import type { BuilderContext } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import { knownLayers } from './equal-layer.ts';

type Stores = Pick<BuilderContext, 'layers' | 'snapshots'>;

/** A step that left `big 1.0` below `mid 2.0`, and a new tree `fresh`; each tree is of one file with these contents. */
function open(contents: { fresh: string; big: string; mid: string }, hashed: string[] = []) {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'equal-'));
  for (const [name, text] of Object.entries(contents)) {
    mkdirSync(join(folder.path, name));
    writeFileSync(join(folder.path, name, 'file'), text.repeat(10_000));
    utimesSync(join(folder.path, name, 'file'), 1, 1);
  }
  const parents = new Map([['mid', 'big'], ['big', undefined]]); // prettier-ignore
  const stores = {
    layers: {
      steps: () => [
        { snapshot: 'mid', titles: ['RUN x # big 1.0', 'RUN x # mid 2.0'] },
        { snapshot: 'gone', titles: ['RUN # big 1.0'] },
      ],
      ofImage: (snapshot: string, diffId: string): Layer => ({
        snapshot,
        diffId: Promise.resolve(diffId as 'sha256:'),
      }),
    },
    snapshots: {
      async stat(name: string) {
        if (!parents.has(name)) throw new NotFoundError(name);
        return { parent: parents.get(name), form: 'directory', diffId: sha256(contents[name as 'big']) };
      },
      paths: (name: string) => ({ tree: join(folder.path, name) }),
      async hash(name: string) {
        hashed.push(name);
        return { diffId: sha256(contents.fresh), tarBytes: 1 };
      },
    },
  } as unknown as Stores;
  const tree = openRoot(join(folder.path, 'fresh'), { links: 'refuse' });
  const inode = (name: string): number => lstatSync(join(folder.path, name, 'file')).ino;
  return { known: knownLayers(stores), fresh: { name: 'fresh', tree }, inode, [Symbol.dispose]: () => folder.remove() };
}

test('a layer of the same distribution that has the same digest shares its files', async () => {
  using rig = open({ fresh: 'one', big: 'one', mid: 'two' });
  expect((await rig.known.equalTo(rig.fresh, 'big 1.0'))?.snapshot).toBe('big');
  expect(rig.inode('fresh')).toBe(rig.inode('big'));
  expect(await rig.known.equalTo(rig.fresh, 'other 1.0')).toBeUndefined();
});

test('what only looks the same is another layer', async () => {
  using rig = open({ fresh: 'one', big: 'two', mid: 'one' });
  expect(await rig.known.equalTo(rig.fresh, 'big 1.0')).toBeUndefined();
  expect(rig.inode('fresh')).not.toBe(rig.inode('big'));
});

test('what does not even look the same is not read', async () => {
  const hashed: string[] = [];
  using rig = open({ fresh: 'longer', big: 'two', mid: 'one' }, hashed);
  expect(await rig.known.equalTo(rig.fresh, 'big 1.0')).toBeUndefined();
  expect(hashed).toEqual([]);
});
