import { link, mkdir, mkdtempDisposable, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import { sha256 } from '#lib/sha256.ts';
import { type TarHeader, tarHeader } from '#lib/tar/header.ts';
import { readTar } from '#lib/tar/read-tar.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { type Mount, mountAt, unmount } from '#linux/mount.ts';
import type { Digest } from '#oci/digest.ts';
import type { SnapshotName, Snapshotter } from './snapshotter.ts';

export type Entry = Partial<TarHeader> & { name: string; content?: string | Uint8Array };

/** A tar of these entries; a name with a last slash is a folder, `kind` says the rest. */
export function tarOf(...entries: readonly Entry[]): Buffer {
  const pieces = entries.map(({ content = '', ...fields }) => {
    const kind = fields.kind ?? (fields.name.endsWith('/') ? 'directory' : 'file');
    const bytes = Buffer.from(content as string);
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

/** A snapshotter with the layers it stacks. */
export interface SnapshotRig {
  snapshots: Snapshotter;
  layers: LayerStore;
}

/** Takes a tar in as a layer, and stacks it on another snapshot. */
export async function stackTar(
  { snapshots, layers }: SnapshotRig,
  layer: { name: SnapshotName; parent?: SnapshotName | undefined },
  tar: Buffer,
): Promise<Digest> {
  await using ingested = await layers.ingest(stream(tar, 64 * 1024), { limitBytes: tar.length });
  const { diffId } = await ingested.commit();
  await snapshots.stack({ name: layer.name, parent: layer.parent, diffId });
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
export type Open = () => Promise<AsyncDisposable & SnapshotRig>;

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
    await stackTar(fresh, { name: 'base' }, base);
    await snapshots.prepare('top', 'base');
    await expect(snapshots.prepare('top', 'base')).rejects.toThrow(ConflictError);
    await expect(snapshots.view('top', 'base')).rejects.toThrow(ConflictError);
    await expect(snapshots.prepare('other', 'nothing')).rejects.toThrow(NotFoundError);
    await expect(snapshots.prepare('other', 'top')).rejects.toThrow(InvalidArgumentError);
    await expect(snapshots.stat('other')).rejects.toThrow(NotFoundError);
    await expect(snapshots.mounts('other')).rejects.toThrow(NotFoundError);
    await expect(snapshots.remove('other')).rejects.toThrow(NotFoundError);
  });

  test('a name that is there stays what it is', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    const diffId = await stackTar(fresh, { name: 'base' }, base);
    expect(await snapshots.stack({ name: 'base', parent: undefined, diffId: sha256('nothing') })).toMatchObject({
      name: 'base',
      kind: 'committed',
      diffId,
      tarBytes: base.length,
      bytes: 2,
    });
    expect(await snapshots.usage('base')).toEqual({ bytes: 2, inodes: 3 });
  });

  test('a layer that is not in the store, or links to nothing, leaves nothing', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    const missing = snapshots.stack({ name: 'base', parent: undefined, diffId: sha256('nothing') });
    await expect(missing).rejects.toThrow(NotFoundError);
    const dangling = tarOf({ name: 'x', kind: 'link', linkName: 'etc/passwd' });
    await expect(stackTar(fresh, { name: 'base' }, dangling)).rejects.toThrow(InvalidArgumentError);
    expect(await snapshots.list()).toEqual([]);
    await stackTar(fresh, { name: 'base' }, base);
    await expect(stackTar(fresh, { name: 'top', parent: 'base' }, dangling)).rejects.toThrow(InvalidArgumentError);
    expect((await snapshots.list()).map(({ name }) => name)).toEqual(['base']);
  });

  test('what others build on stays', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    await stackTar(fresh, { name: 'base' }, base);
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
    await stackTar(fresh, { name: 'base' }, base);
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
    await snapshots.seal('layer', { diffId: sha256('layer'), tarBytes: 3 });
    await snapshots.rename('layer', 'chain');
    expect(await snapshots.stat('chain')).toMatchObject({ diffId: sha256('layer'), tarBytes: 3, form: 'directory' });
  });

  test('a difference unpacks to the same tree and gives the same bytes again', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    await stackTar(fresh, { name: 'base' }, base);
    await mounted(await snapshots.prepare('top', 'base'), async (path) => {
      await rm(join(path, 'etc'), { recursive: true });
      await mkdir(join(path, 'etc'));
      await writeFile(join(path, 'etc/new'), 'new');
      await link(join(path, 'etc/new'), join(path, 'etc/same'));
      await symlink('../etc', join(path, 'etc/loop'));
    });
    const tar = Buffer.concat(await Array.fromAsync(snapshots.diff('top')));
    await stackTar(fresh, { name: 'again', parent: 'base' }, tar);
    expect(Buffer.concat(await Array.fromAsync(snapshots.diff('again'))).equals(tar)).toBe(true);
    await viewed(snapshots, 'again', async (path) => {
      expect(await readdir(join(path, 'etc'))).toEqual(['loop', 'new', 'same']);
    });
  });
}

function layersConformance(open: Open): void {
  test('all of a tree is on one device, and what is changed keeps its inode number', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    await stackTar(fresh, { name: 'base' }, base);
    await stackTar(fresh, { name: 'next', parent: 'base' }, tarOf({ name: 'etc/c', content: 'c' }, { name: 'usr/x' }));
    await mounted(await snapshots.prepare('top', 'next'), async (path) => {
      await writeFile(join(path, 'new'), 'new');
      const names = ['.', 'etc', 'usr', 'etc/a', 'etc/b', 'etc/c', 'usr/x', 'new'];
      const look = async () => Promise.all(names.map((name) => stat(join(path, name), { bigint: true })));
      const before = await look();
      expect(new Set(before.map(({ dev }) => dev)).size).toBe(1);
      expect(new Set(before.map(({ ino }) => ino)).size).toBe(names.length);
      for (const name of names.slice(3)) await writeFile(join(path, name), 'changed');
      expect((await look()).map(({ ino }) => ino)).toEqual(before.map(({ ino }) => ino));
    });
  });

  test('layers hide, replace and keep what is below', async () => {
    await using fresh = await open();
    const { snapshots } = fresh;
    await stackTar(fresh, { name: 'base' }, base);
    await stackTar(fresh, { name: 'next', parent: 'base' }, tarOf({ name: 'etc/.wh.a' }, { name: 'etc/c' }));
    await viewed(snapshots, 'next', async (path) => {
      expect(await readdir(join(path, 'etc'))).toEqual(['b', 'c']);
      expect(await stat(join(path, 'etc'), { bigint: true })).toMatchObject({
        mode: 0o40750n,
        uid: 3n,
        mtimeNs: 1_500_000_000_123_456_789n,
      });
    });
    await stackTar(
      fresh,
      { name: 'opaque', parent: 'next' },
      tarOf({ name: 'etc/d' }, { name: 'etc/.wh..wh..opq' }, { name: 'etc/.wh.d' }),
    );
    await viewed(snapshots, 'opaque', async (path) => {
      expect(await readdir(join(path, 'etc'))).toEqual(['d']);
    });
  });
}
