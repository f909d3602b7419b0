import { execFileSync } from 'node:child_process';
import { mkdir, mkdtempDisposable, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DataLossError } from '#lib/errors.ts';
import { loopDevicesBelow } from '#linux/loop-device.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import { mountIdOf } from '#linux/mount-id.ts';
import { mountsBelow } from '#linux/mounts-below.ts';
import { mounted, stackTar, tarOf, viewed } from './conformance.ts';
import { FORMS, openTestSnapshots, type TestSnapshots } from './test-snapshots.ts';

const FILE_FORMS = FORMS.filter((form) => form !== 'directory');
const base = tarOf(
  { name: 'etc/', uid: 3 },
  { name: 'etc/a', content: 'a' },
  { name: 'bin/x', content: 'x', mode: 0o755 },
);

const layersMounted = (rig: TestSnapshots): string[] => mountsBelow(join(rig.folder, 'layers', 'mnt'));

async function inodeOf(path: string): Promise<bigint> {
  return (await stat(path, { bigint: true })).ino;
}

/** Mounts a snapshot where it stays until it is taken away, as a container's is. */
async function mountAside(rig: TestSnapshots, name: string, parent: string): Promise<string> {
  const path = join(rig.folder, `run-${name}`);
  await mkdir(path);
  for (const mount of await rig.snapshots.prepare(name, parent)) mountAt(path, mount);
  return path;
}

describe.each(FILE_FORMS)('layers mounted in the form %s', (form) => {
  test('two containers share one mount, which goes with the last snapshot that needs it', async () => {
    await using rig = await openTestSnapshots({ form });
    const { snapshots } = rig;
    await stackTar(rig, { name: 'base' }, base);
    expect(layersMounted(rig)).toEqual([]);
    await snapshots.stack({
      name: 'same',
      parent: undefined,
      diffId: (await snapshots.stat('base')).diffId ?? 'sha256:',
    });
    const [one, two] = [await mountAside(rig, 'one', 'base'), await mountAside(rig, 'two', 'same')];
    expect(layersMounted(rig)).toHaveLength(1);
    expect(await inodeOf(join(one, 'etc/a'))).toBe(await inodeOf(join(two, 'etc/a')));
    for (const path of [one, two]) unmount(path);
    for (const name of ['one', 'base', 'two']) await snapshots.remove(name);
    expect(layersMounted(rig)).toHaveLength(1);
    await snapshots.remove('same');
    expect(layersMounted(rig)).toEqual([]);
    expect(await readdir(join(rig.folder, 'layers', 'mnt'))).toEqual([]);
    expect(loopDevicesBelow(rig.folder)).toEqual([]);
  });

  test('what is mounted after a kill is taken over, with what runs on it; what nobody needs goes', async () => {
    await using rig = await openTestSnapshots({ form });
    await stackTar(rig, { name: 'base' }, base);
    await stackTar(rig, { name: 'other' }, tarOf({ name: 'b' }));
    const running = await mountAside(rig, 'running', 'base');
    await viewed(rig.snapshots, 'other', () => {});
    const [kept] = layersMounted(rig).filter((path) => path.includes(rig.snapshots.paths('base').tree));
    const before = mountIdOf(kept ?? '').id;
    expect(layersMounted(rig)).toHaveLength(2);
    rig.database.exec("DELETE FROM snapshots WHERE name = 'other'");
    await mkdir(join(rig.folder, 'layers', 'mnt', 'left'));
    await rig.reopen({ killed: true });
    expect(layersMounted(rig)).toEqual([kept]);
    expect(mountIdOf(kept ?? '').id).toBe(before);
    expect(await readdir(join(rig.folder, 'layers', 'mnt'))).toHaveLength(1);
    expect(await readFile(join(running, 'etc/a'), 'utf8')).toBe('a');
    unmount(running);
  });

  test('a stop leaves what containers run on, and a container whose snapshot is removed runs on', async () => {
    await using rig = await openTestSnapshots({ form });
    await stackTar(rig, { name: 'base' }, base);
    await stackTar(rig, { name: 'idle' }, tarOf({ name: 'b' }));
    const running = await mountAside(rig, 'running', 'base');
    await viewed(rig.snapshots, 'idle', () => {});
    await rig.reopen();
    expect(layersMounted(rig)).toEqual([rig.snapshots.paths('base').tree]);
    await rig.snapshots.remove('running');
    await rig.snapshots.remove('base');
    expect(layersMounted(rig)).toEqual([]);
    expect(await readFile(join(running, 'etc/a'), 'utf8')).toBe('a');
    unmount(running);
    expect(loopDevicesBelow(rig.folder)).toEqual([]);
    await viewed(rig.snapshots, 'idle', () => {});
    await rig.reopen();
    expect(layersMounted(rig)).toEqual([]);
  });

  test('a mount that somebody took away is made again', async () => {
    await using rig = await openTestSnapshots({ form });
    await stackTar(rig, { name: 'base' }, base);
    await viewed(rig.snapshots, 'base', () => {});
    for (const path of layersMounted(rig)) unmount(path);
    await viewed(rig.snapshots, 'base', async (path) => {
      expect(await readFile(join(path, 'etc/a'), 'utf8')).toBe('a');
    });
  });

  test('programs keep their rights and devices work, though nothing of a layer means anything at its own mount', async () => {
    await using rig = await openTestSnapshots({ form });
    const tar = tarOf(
      { name: 'id', content: await readFile('/usr/bin/id'), mode: 0o4755 },
      { name: 'zero', kind: 'character', major: 1, minor: 5, mode: 0o666 },
    );
    await stackTar(rig, { name: 'base' }, tar);
    await mounted(await rig.snapshots.prepare('top', 'base'), async (path) => {
      const asNobody = { uid: 65_534, gid: 65_534, encoding: 'utf8' } as const;
      execFileSync('chmod', ['755', path]);
      expect(execFileSync(join(path, 'id'), ['-u'], asNobody).trim()).toBe('0');
      expect(execFileSync('head', ['-c', '3', join(path, 'zero')], { uid: 65_534 })).toEqual(Buffer.alloc(3));
      const [layer = ''] = layersMounted(rig);
      expect(() => execFileSync('ls', [layer], { ...asNobody, stdio: 'pipe' })).toThrow('Permission denied');
      expect(() => execFileSync(join(layer, 'id'), ['-u'], { stdio: 'pipe' })).toThrow('EACCES');
    });
  });

  test('content that lies in the file of another layer is shown, also when that layer was removed', async () => {
    await using rig = await openTestSnapshots({ form });
    const [long, other] = ['long content of a file '.repeat(100_000), 'other content of a file '.repeat(2000)];
    const common = { name: 'lib/common', content: long };
    const first = await stackTar(rig, { name: 'first' }, tarOf({ name: 'a', content: 'a' }, common));
    const second = await stackTar(rig, { name: 'second' }, tarOf({ name: 'lib/own', content: other }, common));
    expect(rig.layers.find(second)?.donors).toEqual([first]);
    await rig.snapshots.remove('first');
    await rig.layers.remove(first);
    await mounted(await rig.snapshots.prepare('top', 'second'), async (path) => {
      expect(await readFile(join(path, 'lib/common'), 'utf8')).toBe(long);
      expect(await readFile(join(path, 'lib/own'), 'utf8')).toBe(other);
      expect(layersMounted(rig)).toHaveLength(1);
    });
    for (const name of ['top', 'second']) await rig.snapshots.remove(name);
    await rig.layers.remove(second);
    expect(layersMounted(rig)).toEqual([]);
    expect(loopDevicesBelow(rig.folder)).toEqual([]);
  });

  test('a layer with a broken index is told by name, and its replacement is used', async () => {
    await using rig = await openTestSnapshots({ form });
    const diffId = await stackTar(rig, { name: 'base' }, base);
    const { path } = rig.layers.image(diffId);
    const bytes = await readFile(path);
    await writeFile(path, Buffer.concat([bytes.subarray(0, 1024), Buffer.alloc(1024), bytes.subarray(2048)]));
    const preparing = rig.snapshots.prepare('top', 'base');
    await expect(preparing).rejects.toThrow(DataLossError);
    await expect(preparing).rejects.toThrow(diffId);
    expect(layersMounted(rig)).toEqual([]);
    await stackTar(rig, { name: 'again' }, base);
    await viewed(rig.snapshots, 'base', async (view) => {
      expect(await readFile(join(view, 'etc/a'), 'utf8')).toBe('a');
    });
  });

  test('a layer that is replaced under a container stays mounted until that has ended', async () => {
    await using rig = await openTestSnapshots({ form });
    const diffId = await stackTar(rig, { name: 'base' }, base);
    const running = await mountAside(rig, 'running', 'base');
    const former = rig.snapshots.paths('base').tree;
    rig.layers.condemn(diffId, 'for the test');
    await stackTar(rig, { name: 'again' }, base);
    await viewed(rig.snapshots, 'again', () => {});
    expect(layersMounted(rig)).toHaveLength(2);
    await rig.reopen({ killed: true });
    expect(layersMounted(rig)).toContain(former);
    expect(await readFile(join(running, 'etc/a'), 'utf8')).toBe('a');
    unmount(running);
    await rig.reopen({ killed: true });
    expect(layersMounted(rig)).toEqual([rig.snapshots.paths('again').tree]);
  });
});

test('a data root that comes to a host without mounts is unpacked when it is needed', async () => {
  await using rig = await openTestSnapshots();
  await stackTar(rig, { name: 'base' }, base);
  await stackTar(rig, { name: 'next', parent: 'base' }, tarOf({ name: 'etc/b', content: 'b' }, { name: '.wh.bin' }));
  await rig.snapshots.prepare('top', 'next');
  await rig.reopen({ form: 'directory' });
  expect(await rig.snapshots.usage('base')).toEqual({ bytes: 2, inodes: 4 });
  await mounted(await rig.snapshots.mounts('top'), async (path) => {
    expect(await readdir(path)).toEqual(['etc']);
    expect(await readdir(join(path, 'etc'))).toEqual(['a', 'b']);
    expect((await stat(join(path, 'etc'))).uid).toBe(3);
  });
  expect((await rig.snapshots.list()).map(({ form }) => form)).toEqual(['directory', 'directory', 'directory']);
  expect(layersMounted(rig)).toEqual([]);
  // And back: what was unpacked stays as it is.
  await rig.reopen({ form: 'loop' });
  await viewed(rig.snapshots, 'next', async (path) => {
    expect(await readdir(join(path, 'etc'))).toEqual(['a', 'b']);
  });
});

test('folders beside layers that were lost are made again, records of lost trees go', async () => {
  await using rig = await openTestSnapshots();
  await stackTar(rig, { name: 'base' }, base);
  await stackTar(
    rig,
    { name: 'next', parent: 'base' },
    tarOf({ name: 'etc/b' }, { name: 'l', kind: 'link', linkName: 'bin/x' }),
  );
  await rig.snapshots.prepare('top', 'next');
  await rig.snapshots.prepare('other', 'next');
  const folder = dirname(rig.snapshots.paths('next').tree);
  expect(await readdir(folder)).toEqual(['above', 'below']);
  await rm(folder, { recursive: true });
  await rm(dirname(rig.snapshots.paths('other').tree), { recursive: true });
  const root = join(rig.folder, 'snapshots');
  await mkdir(join(root, 'beef/fs'), { recursive: true });
  await mkdir(join(root, '.new/s-x'));
  await rig.reopen({ killed: true });
  expect((await readdir(root)).filter((name) => !name.startsWith('.'))).toHaveLength(2);
  expect(await readdir(join(root, '.new'))).toEqual([]);
  expect((await rig.snapshots.list()).map(({ name }) => name)).toEqual(['base', 'next', 'top']);
  await mounted(await rig.snapshots.mounts('top'), async (path) => {
    expect((await stat(join(path, 'etc'))).uid).toBe(3);
    expect(await inodeOf(join(path, 'l'))).toBe(await inodeOf(join(path, 'bin/x')));
  });
});

describe.each(FORMS)('a long stack in the form %s', (form) => {
  test('a hundred and twenty-five layers mount, also below a long path with odd letters', async () => {
    await using top = await mkdtempDisposable(join(tmpdir(), 'deep-'));
    const folder = join(top.path, 'long folder name, with: odd letters '.repeat(4), 'x'.repeat(60));
    await mkdir(folder, { recursive: true });
    await using rig = await openTestSnapshots({ form, folder });
    let parent: string | undefined;
    for (let index = 0; index < 125; index++) {
      const name = `layer-${index}`;
      // Every layer needs the attributes of a folder below, and so a folder of its own above it.
      const entries = index === 0 ? [{ name: 'shared/', uid: 5 }] : [{ name: `shared/file-${index}` }];
      await stackTar(rig, { name, parent }, tarOf(...entries));
      parent = name;
    }
    await mounted(await rig.snapshots.prepare('top', parent), async (path) => {
      expect(await readdir(join(path, 'shared'))).toHaveLength(124);
      expect((await stat(join(path, 'shared'))).uid).toBe(5);
    });
  }, 120_000);
});
