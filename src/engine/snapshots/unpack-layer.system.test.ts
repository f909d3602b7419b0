import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtempDisposable, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { MountForm } from '#engine/layers/layer-store.ts';
import { decompress } from '#lib/compression/decompress.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { readTar } from '#lib/tar/read-tar.ts';
import { getXattr } from '#linux/xattr.ts';
import { type Entry, stream, tarOf, stackTar, viewed } from './conformance.ts';
import { FORMS, openTestSnapshots, type TestSnapshots } from './test-snapshots.ts';
import { packTree } from './tree/pack-tree.ts';
import { unpackLayer } from './unpack-layer.ts';

async function open(form: MountForm = 'directory'): Promise<TestSnapshots & { outside: string; root: string }> {
  const rig = await openTestSnapshots({ form });
  const outside = join(rig.folder, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'secret'), 'secret');
  return Object.assign(rig, { outside, root: join(rig.folder, 'snapshots') });
}

const link = (name: string, linkName: string): Entry => ({ name, kind: 'symlink', linkName });
const hardLink = (name: string, linkName: string): Entry => ({ name, kind: 'link', linkName });
const overlay = (name: string): Entry => ({ name: 'f', xattrs: new Map([[name, Buffer.from('y')]]) });

test.each<[what: string, entries: Entry[]]>([
  ['a name with dots', [{ name: '../outside/new' }]],
  ['dots inside a name', [{ name: 'a/../../outside/new' }]],
  ['a hard link to dots', [hardLink('x', '../outside/secret')]],
  ['a hard link to an absolute path that is not in the layer', [hardLink('x', '/etc/passwd')]],
  ['a hard link through a symbolic link', [link('up', '../../../outside'), hardLink('x', 'up/secret')]],
  ['a hard link to a directory', [{ name: 'd/' }, hardLink('x', 'd')]],
  ['a file below a file', [{ name: 'f' }, { name: 'f/x' }]],
  ['symbolic links in a circle', [link('a', 'b'), link('b', 'a'), { name: 'a/x' }]],
  ['a whiteout of nothing', [{ name: '.wh.' }]],
  ['a whiteout of the folder', [{ name: 'd/.wh..' }]],
  ['a whiteout of the parent', [{ name: 'd/.wh...' }]],
  ['something below a whiteout', [{ name: '.wh.d/x' }]],
  ['a device that is a whiteout', [{ name: 'etc', kind: 'character' }]],
  ['an attribute of overlayfs', [overlay('trusted.overlay.opaque')]],
  ['an attribute of overlayfs without privilege', [overlay('user.overlay.redirect')]],
  ['a root that is a file', [{ name: '.', kind: 'file' }]],
  ['a name with a zero byte', [{ name: 'a\0b'.padEnd(120, 'x') }]],
  ['a path deeper than any honest one', [{ name: `${'d/'.repeat(300)}x` }]],
  ['a name longer than a file system takes', [{ name: 'n'.repeat(300) }]],
])('%s is refused and leaves nothing', async (_what, entries) => {
  await using fresh = await open();
  const tar = tarOf(...entries);
  await expect(stackTar(fresh, { name: 'bad' }, tar)).rejects.toThrow(InvalidArgumentError);
  await using folder = await mkdtempDisposable(join(fresh.folder, 'unpacked-'));
  const unpacking = unpackLayer({ folder: folder.path, below: undefined }, stream(tar));
  await expect(unpacking).rejects.toThrow(InvalidArgumentError);
  expect(await fresh.snapshots.list()).toEqual([]);
  expect((await readdir(fresh.root)).filter((name) => !name.startsWith('.'))).toEqual([]);
  expect(await readdir(join(fresh.root, '.new'))).toEqual([]);
  expect(await readdir(fresh.outside)).toEqual(['secret']);
  expect(await readFile(join(fresh.outside, 'secret'), 'utf8')).toBe('secret');
});

/** Entries of a tree as a tar, hard links and symbolic links with where they lead. */
async function namesOf(path: string): Promise<string[]> {
  using root = openRoot(path);
  const names: string[] = [];
  for await (const { header } of readTar(packTree(root, '')))
    names.push(header.linkName === '' ? header.name : `${header.name} -> ${header.linkName}`);
  return names;
}

describe.each(FORMS)('in the form %s', (form) => {
  test.each<[what: string, entries: Entry[], lands: string]>([
    ['an absolute name', [{ name: '/abs/x', content: 'x' }], 'abs/x'],
    ['dots that stay inside', [{ name: 'a/b/../x', content: 'x' }], 'a/x'],
    ['a symbolic link upwards', [link('up', '../../../outside'), { name: 'up/x', content: 'x' }], 'outside/x'],
    ['an absolute symbolic link', [link('abs', '/outside'), { name: 'abs/x', content: 'x' }], 'outside/x'],
    [
      'a link in place of a folder',
      [{ name: 'lib/' }, link('lib', 'usr/lib'), { name: 'lib/x', content: 'x' }],
      'usr/lib/x',
    ],
  ])('%s lands inside', async (_what, entries, lands) => {
    await using fresh = await open(form);
    const all = [{ name: 'outside/' }, { name: 'usr/lib/' }, ...entries];
    await stackTar(fresh, { name: 'layer' }, tarOf(...all));
    await viewed(fresh.snapshots, 'layer', async (path) => {
      expect(await readFile(join(path, lands), 'utf8')).toBe('x');
    });
    expect(await readdir(fresh.outside)).toEqual(['secret']);
  });

  test('what is written through a name does not follow a link there', async () => {
    await using fresh = await open(form);
    await stackTar(
      fresh,
      { name: 'layer' },
      tarOf(link('x', `${fresh.outside}/secret`), { name: 'x', content: 'new' }),
    );
    await viewed(fresh.snapshots, 'layer', async (path) => {
      expect(await readFile(join(path, 'x'), 'utf8')).toBe('new');
    });
    expect(await readFile(join(fresh.outside, 'secret'), 'utf8')).toBe('secret');
  });

  test('owner, mode, times, devices and attributes arrive', async () => {
    await using fresh = await open(form);
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
    const entries: Entry[] = [
      { name: 'bin/', mode: 0o3775, uid: 7, gid: 8, mtimeNs: -5_000_000_001n },
      { name: 'bin/su', content: 'su', mode: 0o4755, uid: 0, gid: 42, mtimeNs: 1_600_000_000_987_654_321n },
      {
        name: 'bin/ping',
        content: 'ping',
        uid: 5,
        xattrs: new Map([
          ['security.capability', capability],
          ['user.note', Buffer.from('n')],
        ]),
      },
      { name: 'bin/link', kind: 'symlink', linkName: 'su', uid: 9, mtimeNs: 1_000_000_001n },
      hardLink('bin/same', 'bin/su'),
      { name: 'dev/null', kind: 'character', major: 1, minor: 3, mode: 0o666 },
      { name: 'dev/disk', kind: 'block', major: 259, minor: 70_000, mode: 0o660, gid: 6 },
      { name: 'dev/pipe', kind: 'fifo', mode: 0o622 },
    ];
    await stackTar(fresh, { name: 'layer' }, tarOf(...entries));
    await viewed(fresh.snapshots, 'layer', async (path) => {
      const stat = (name: string) => lstat(join(path, name), { bigint: true });
      expect(await stat('bin')).toMatchObject({ mode: 0o43775n, uid: 7n, gid: 8n, mtimeNs: -5_000_000_001n });
      expect(await stat('bin/su')).toMatchObject({
        mode: 0o104755n,
        gid: 42n,
        nlink: 2n,
        mtimeNs: 1_600_000_000_987_654_321n,
      });
      expect(await stat('bin/link')).toMatchObject({ uid: 9n, mtimeNs: 1_000_000_001n });
      expect(getXattr(join(path, 'bin/ping'), 'security.capability')?.equals(capability)).toBe(true);
      expect(getXattr(join(path, 'bin/ping'), 'user.note')?.toString()).toBe('n');
      expect(await stat('dev')).toMatchObject({ mode: 0o40755n, uid: 0n });
      expect(await stat('dev/null')).toMatchObject({ mode: 0o20666n, rdev: 0x103n });
      expect(await stat('dev/disk')).toMatchObject({ mode: 0o60660n, gid: 6n });
      expect(await stat('dev/pipe')).toMatchObject({ mode: 0o10622n });
      expect(execFileSync('stat', ['-c', '%t:%T', join(path, 'dev/disk')], { encoding: 'utf8' }).trim()).toBe(
        '103:11170',
      );
      expect(await namesOf(path)).toEqual([
        'bin/',
        'bin/link -> su',
        'bin/ping',
        'bin/same',
        'bin/su -> bin/same',
        'dev/',
        'dev/disk',
        'dev/null',
        'dev/pipe',
      ]);
    });
  });

  test('hard links reach into the layers below', async () => {
    await using fresh = await open(form);
    const base = tarOf(
      { name: 'opt/', uid: 4 },
      { name: 'opt/a', content: 'a', mode: 0o4711, uid: 3 },
      link('opt/l', 'a'),
    );
    await stackTar(fresh, { name: 'base' }, base);
    await stackTar(fresh, { name: 'top', parent: 'base' }, tarOf(hardLink('b', 'opt/a'), hardLink('m', 'opt/l')));
    await viewed(fresh.snapshots, 'top', async (path) => {
      expect(await readFile(join(path, 'b'), 'utf8')).toBe('a');
      expect(await lstat(join(path, 'b'))).toMatchObject({ mode: 0o104711, uid: 3, nlink: 2 });
      expect(await lstat(join(path, 'opt'))).toMatchObject({ uid: 4 });
      expect(await readlink(join(path, 'm'))).toBe('a');
    });
  });

  test('whiteouts hide what is below and no sibling, wherever they stand', async () => {
    await using fresh = await open(form);
    const base = tarOf({ name: 'd/a' }, { name: 'd/b' }, { name: 'e/x' }, { name: 'f' }, { name: 'keep/k' });
    await stackTar(fresh, { name: 'base' }, base);
    const top = tarOf(
      { name: 'd/a', content: 'new' },
      { name: 'd/.wh.a' },
      { name: 'd/.wh.b' },
      { name: '.wh.e' },
      { name: 'e/y' },
      { name: '.wh.f' },
      { name: '.wh.never-there' },
      { name: '.wh..wh.plnk/' },
      { name: '.wh..wh.aufs' },
    );
    await stackTar(fresh, { name: 'top', parent: 'base' }, top);
    await viewed(fresh.snapshots, 'top', async (path) => {
      expect(await readdir(path)).toEqual(['d', 'e', 'keep']);
      expect(await readdir(join(path, 'd'))).toEqual(['a']);
      expect(await readdir(join(path, 'e'))).toEqual(['y']);
      expect(await readFile(join(path, 'd/a'), 'utf8')).toBe('new');
    });
    // Once more over the same base: the root hides all that it does not name itself.
    const opaque = tarOf({ name: 'd/c' }, { name: '.wh..wh..opq' });
    await stackTar(fresh, { name: 'opaque', parent: 'top' }, opaque);
    await viewed(fresh.snapshots, 'opaque', async (path) => {
      expect(await readdir(path)).toEqual(['d']);
      expect(await readdir(join(path, 'd'))).toEqual(['c']);
    });
  });

  test('a folder in place of a link below keeps it out of the way, as Docker does', async () => {
    await using fresh = await open(form);
    await stackTar(fresh, { name: 'base' }, tarOf({ name: 'usr/lib/a' }, link('lib', 'usr/lib')));
    await stackTar(fresh, { name: 'top', parent: 'base' }, tarOf({ name: 'lib/b' }));
    await viewed(fresh.snapshots, 'top', async (path) => {
      expect(await readdir(join(path, 'lib'))).toEqual(['b']);
      expect(await readdir(join(path, 'usr/lib'))).toEqual(['a']);
    });
  });
});

test('a bomb is stopped before it fills the disk', async () => {
  const zeros = Buffer.alloc(64 * 1024 * 1024);
  const piece = gzipSync(zeros, { level: 9 });
  async function* bomb(): AsyncGenerator<Buffer> {
    for (let index = 0; index < 40; index++) yield piece;
  }
  let bytes = 0;
  await expect(
    (async () => {
      for await (const chunk of decompress(bomb())) bytes += chunk.byteLength;
    })(),
  ).rejects.toThrow('like a bomb');
  expect(bytes).toBeLessThan(1.2 * 1024 ** 3);
}, 60_000);

test('unpacking stops when it is cancelled and leaves nothing', async () => {
  await using fresh = await open();
  const tar = tarOf(...Array.from({ length: 50 }, (_, index) => ({ name: `f${index}`, content: 'x'.repeat(5000) })));
  const diffId = await stackTar(fresh, { name: 'layer' }, tar);
  const cancelled = { signal: AbortSignal.abort() };
  const stacking = fresh.snapshots.stack({ name: 'again', parent: undefined, diffId }, cancelled);
  await expect(stacking).rejects.toThrow('cancelled');
  expect((await fresh.snapshots.list()).map(({ name }) => name)).toEqual(['layer']);
  expect(await readdir(join(fresh.root, '.new'))).toEqual([]);
});
