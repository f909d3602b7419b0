import { link, mkdir, mkdtempDisposable, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { type TarHeader, tarHeader } from '#lib/tar/header.ts';
import { readTar } from '#lib/tar/read-tar.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { type Mount, mountAt, unmount } from '#linux/mount.ts';
import type { Digest } from '#oci/digest.ts';
import type { SnapshotName, Snapshotter } from './snapshotter.ts';

export type Entry = Partial<TarHeader> & { name: string; content?: string };

/** A tar of these entries; a name with a last slash is a folder, `kind` says the rest. */
export function tarOf(...entries: readonly Entry[]): Buffer {
  const pieces = entries.map(({ content = '', ...fields }) => {
    const kind = fields.kind ?? (fields.name.endsWith('/') ? 'directory' : 'file');
    const bytes = Buffer.from(content);
    return Buffer.concat([
      tarEntry(tarHeader({ kind, size: bytes.length, ...fields })),
      bytes,
      tarPadding(bytes.length),
    ]);
  });
  return Buffer.concat([...pieces, TAR_END]);
}

export async function* stream(bytes: Buffer, size = 700): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Unpacks a tar as a layer over another snapshot. */
export async function unpackTar(
  snapshots: Snapshotter,
  layer: { name: SnapshotName; parent?: SnapshotName },
  tar: Buffer,
): Promise<Digest> {
  const diffId = sha256(tar);
  await snapshots.unpack({ name: layer.name, parent: layer.parent, diffId }, stream(tar));
  return diffId;
}

/** Mounts, gives the path to `use`, and takes the mount away. */
export async function mounted<T>(mounts: readonly Mount[], use: (path: string) => Promise<T> | T): Promise<T> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'mounted-'));
  for (const mount of mounts) mountAt(folder.path, mount);
  try {
    return await use(folder.path);
  } finally {
    unmount(folder.path);
  }
}

let views = 0;

/** Mounts a committed snapshot read-only. */
export async function viewed<T>(
  snapshots: Snapshotter,
  name: SnapshotName,
  use: (path: string) => Promise<T> | T,
): Promise<T> {
  const view = `view-${++views}`;
  try {
    return await mounted(await snapshots.view(view, name), use);
  } finally {
    await snapshots.remove(view);
  }
}

/** Names and kinds of the entries of a snapshot's difference. */
export async function entriesOf(snapshots: Snapshotter, name: SnapshotName): Promise<string[]> {
  const names: string[] = [];
  for await (const { header } of readTar(snapshots.diff(name)))
    names.push(header.linkName === '' ? header.name : `${header.name} -> ${header.linkName}`);
  return names;
}

/** Makes a fresh snapshotter. */
export type Open = () => Promise<AsyncDisposable & { snapshots: Snapshotter }>;

const base = tarOf(
  { name: 'etc/', mode: 0o750, uid: 3, mtimeNs: 1_500_000_000_123_456_789n },
  { name: 'etc/a', content: 'a' },
  { name: 'etc/b', content: 'b' },
);

/** The contract of a snapshotter as tests. Needs root. */
export function snapshotterConformance(open: Open): void {
  namesConformance(open);
  treesConformance(open);
  layersConformance(open);
}

function namesConformance(open: Open): void {
  test('a name is taken once and missing names are not found', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    await unpackTar(snapshots, { name: 'base' }, base);
    await snapshots.prepare('top', 'base');
    await expect(snapshots.prepare('top', 'base')).rejects.toThrow(ConflictError);
    await expect(snapshots.view('top', 'base')).rejects.toThrow(ConflictError);
    await expect(snapshots.prepare('other', 'nothing')).rejects.toThrow(NotFoundError);
    await expect(snapshots.prepare('other', 'top')).rejects.toThrow(InvalidArgumentError);
    await expect(snapshots.stat('other')).rejects.toThrow(NotFoundError);
    await expect(snapshots.mounts('other')).rejects.toThrow(NotFoundError);
    await expect(snapshots.remove('other')).rejects.toThrow(NotFoundError);
  });

  test('a layer that is there is not read again', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    const diffId = await unpackTar(snapshots, { name: 'base' }, base);
    expect(
      await snapshots.unpack({ name: 'base', parent: undefined, diffId }, stream(Buffer.from('no tar'))),
    ).toMatchObject({
      name: 'base',
      kind: 'committed',
      diffId,
      bytes: 2,
    });
  });

  test('a broken layer leaves nothing', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    await expect(unpackTar(snapshots, { name: 'base' }, base.subarray(0, 1000))).rejects.toThrow(InvalidArgumentError);
    expect(await snapshots.list()).toEqual([]);
  });

  test('what others build on stays', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    await unpackTar(snapshots, { name: 'base' }, base);
    await snapshots.prepare('top', 'base');
    await expect(snapshots.remove('base')).rejects.toThrow(ConflictError);
    await snapshots.rename('base', 'renamed');
    expect(await snapshots.stat('top')).toMatchObject({ parent: 'renamed' });
    await snapshots.remove('top');
    await snapshots.remove('renamed');
    expect(await snapshots.list()).toEqual([]);
  });
}

function treesConformance(open: Open): void {
  test('what is written to a prepared snapshot is what it changes, and can be committed', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    await unpackTar(snapshots, { name: 'base' }, base);
    await mounted(await snapshots.prepare('top', 'base'), async (path) => {
      await rm(join(path, 'etc/a'));
      await writeFile(join(path, 'etc/b'), 'changed');
      await mkdir(join(path, 'new'));
    });
    expect(await Array.fromAsync(snapshots.changes('top'))).toEqual([
      { path: '/etc', kind: 'modified' },
      { path: '/etc/a', kind: 'deleted' },
      { path: '/etc/b', kind: 'modified' },
      { path: '/new', kind: 'added' },
    ]);
    expect((await snapshots.usage('top')).bytes).toBe(7);
    await snapshots.commit('top', 'layer');
    await expect(snapshots.stat('top')).rejects.toThrow(NotFoundError);
    expect(await snapshots.stat('layer')).toMatchObject({ kind: 'committed', diffId: undefined, bytes: 7 });
    expect(await entriesOf(snapshots, 'layer')).toEqual(['etc/', 'etc/.wh.a', 'etc/b', 'new/']);
    await viewed(snapshots, 'layer', async (path) => {
      expect(await readdir(join(path, 'etc'))).toEqual(['b']);
    });
    await snapshots.seal('layer', sha256('layer'));
    await snapshots.rename('layer', 'chain');
    expect(await snapshots.stat('chain')).toMatchObject({ diffId: sha256('layer') });
  });

  test('a difference unpacks to the same tree and gives the same bytes again', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    await unpackTar(snapshots, { name: 'base' }, base);
    await mounted(await snapshots.prepare('top', 'base'), async (path) => {
      await rm(join(path, 'etc'), { recursive: true });
      await mkdir(join(path, 'etc'));
      await writeFile(join(path, 'etc/new'), 'new');
      await link(join(path, 'etc/new'), join(path, 'etc/same'));
      await symlink('../etc', join(path, 'etc/loop'));
    });
    const tar = Buffer.concat(await Array.fromAsync(snapshots.diff('top')));
    await unpackTar(snapshots, { name: 'again', parent: 'base' }, tar);
    expect(Buffer.concat(await Array.fromAsync(snapshots.diff('again'))).equals(tar)).toBe(true);
    await viewed(snapshots, 'again', async (path) => {
      expect(await readdir(join(path, 'etc'))).toEqual(['loop', 'new', 'same']);
    });
  });
}

function layersConformance(open: Open): void {
  test('layers hide, replace and keep what is below', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    await unpackTar(snapshots, { name: 'base' }, base);
    await unpackTar(snapshots, { name: 'next', parent: 'base' }, tarOf({ name: 'etc/.wh.a' }, { name: 'etc/c' }));
    await viewed(snapshots, 'next', async (path) => {
      expect(await readdir(join(path, 'etc'))).toEqual(['b', 'c']);
      expect(await stat(join(path, 'etc'), { bigint: true })).toMatchObject({
        mode: 0o40750n,
        uid: 3n,
        mtimeNs: 1_500_000_000_123_456_789n,
      });
    });
    await unpackTar(
      snapshots,
      { name: 'opaque', parent: 'next' },
      tarOf({ name: 'etc/d' }, { name: 'etc/.wh..wh..opq' }, { name: 'etc/.wh.d' }),
    );
    await viewed(snapshots, 'opaque', async (path) => {
      expect(await readdir(join(path, 'etc'))).toEqual(['d']);
    });
  });
}
