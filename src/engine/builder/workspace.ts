import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snapshotter } from '#engine/snapshots/snapshotter.ts';
import type { Log } from '#lib/log.ts';
import { kernelAtLeast } from '#linux/kernel.ts';
import { type Mount, mountAt, unmount } from '#linux/mount.ts';
import type { Layer, Layers } from './layers.ts';

/** A tree that a step works in; what is not committed is gone when disposed. */
export interface Workspace extends AsyncDisposable {
  /** Unique; also the name of a process that runs in it. */
  readonly name: string;
  readonly mounts: readonly Mount[];
  /** Folder that takes what the step changes. */
  readonly upper: string;
  /** To be called before the mounts are made elsewhere. */
  renew(): void;
  /** Mounts the tree and answers where. */
  open(): Promise<string>;
  /** Takes the mount away, so that the tree can be run in or committed. */
  close(): Promise<void>;
  /** @param same layer with the same changes, laid over another tree: they are not hashed again */
  commit(same?: Layer): Promise<Layer>;
}

export interface WorkspaceContext {
  snapshots: Snapshotter;
  layers: Layers;
  /** Folder for mount points. */
  mountRoot: string;
  log: Log;
}

const PREFIX = 'build-';

/** A writable tree over a layer. */
export async function openWorkspace(
  { snapshots, layers, mountRoot, log }: WorkspaceContext,
  parent: Layer | undefined,
): Promise<Workspace> {
  const name = `${PREFIX}${randomBytes(8).toString('hex')}`;
  const mounts = (await layers.prepare(name, parent)).map(withoutSync);
  const place = await createMountPoint(mountRoot, name, mounts);
  let isCommitted = false;
  return {
    name,
    mounts,
    upper: optionOf(mounts, 'upperdir'),
    renew: () => forgetMounted(mounts),
    open: () => place.open(),
    close: () => place.close(),
    async commit(same) {
      await place.close();
      const layer = await layers.commit(name, same);
      isCommitted = true;
      return layer;
    },
    async [Symbol.asyncDispose]() {
      await place.close();
      if (isCommitted) return;
      await snapshots
        .remove(name)
        .catch((error: unknown) => log.error('a step left its tree behind', { snapshot: name, error: String(error) }));
    },
  };
}

/** A layer with all below it, mounted for reading; an empty folder for no layer. */
export async function openView(
  { layers, mountRoot }: WorkspaceContext,
  layer: Layer | undefined,
): Promise<{ path: string } & AsyncDisposable> {
  const mounts = layer === undefined ? [] : await layers.mounts(layer);
  const place = await createMountPoint(mountRoot, `${PREFIX}${randomBytes(8).toString('hex')}`, mounts);
  const path = await place.open();
  return { path, [Symbol.asyncDispose]: () => place.close() };
}

async function createMountPoint(
  mountRoot: string,
  ...[name, mounts]: [name: string, mounts: readonly Mount[]]
): Promise<{ open(): Promise<string>; close(): Promise<void> }> {
  const path = join(mountRoot, name);
  let isOpen = false;
  return {
    async open() {
      if (isOpen) return path;
      await mkdir(path, { mode: 0o700 });
      isOpen = true;
      forgetMounted(mounts);
      for (const mount of mounts) mountAt(path, mount);
      return path;
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      for (const _ of mounts) unmount(path);
      await rmdir(path);
    },
  };
}

/**
 * Nobody asks for a step's tree after a crash, so neither the step's own calls for it nor the end of the mount bring it to the disk: the last one
 * would wait for all that anybody has written to the file system. What is committed is brought there later.
 */
function withoutSync(mount: Mount): Mount {
  const isWritable = mount.options.some((option) => option.startsWith('upperdir='));
  return isWritable && kernelAtLeast(5, 10) ? { ...mount, options: [...mount.options, 'volatile'] } : mount;
}

/** The kernel marks trees that were mounted so, and mounts none again that has the mark: a crash might have come between. */
function forgetMounted(mounts: readonly Mount[]): void {
  const work = optionOf(mounts, 'workdir');
  if (work !== '') rmSync(join(work, 'work', 'incompat'), { recursive: true, force: true });
}

/** Of a tree that lies over nothing, the tree itself is the upper folder. */
function optionOf(mounts: readonly Mount[], name: 'upperdir' | 'workdir'): string {
  for (const { type, source, options } of mounts) {
    if (type === 'bind') return name === 'upperdir' ? source : '';
    const found = options.find((option) => option.startsWith(`${name}=`));
    if (found !== undefined) return found.slice(name.length + 1);
  }
  return '';
}

/** Takes away what steps of a dead engine left: mounts, mount points, trees. */
export async function clearWorkspaces({ snapshots, mountRoot, log }: Omit<WorkspaceContext, 'layers'>): Promise<void> {
  await mkdir(mountRoot, { recursive: true, mode: 0o700 });
  for (const name of await readdir(mountRoot)) {
    const path = join(mountRoot, name);
    while (unmount(path));
    await rmdir(path).catch((error: unknown) => log.warn('a mount point stays', { path, error: String(error) }));
  }
  for (const { name, kind } of await snapshots.list()) {
    if (kind === 'committed' || !name.startsWith(PREFIX)) continue;
    await snapshots
      .remove(name)
      .catch((error: unknown) => log.warn('a tree stays', { snapshot: name, error: String(error) }));
  }
}
