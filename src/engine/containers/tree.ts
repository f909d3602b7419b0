import { closeSync, constants, mkdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { O_PATH } from '#lib/files/o-path.ts';
import { type Located, openRoot, type Root } from '#lib/files/open-root.ts';
import { mountAt, remountReadOnly } from '#linux/mount.ts';
import type { Context } from './context.ts';
import type { ContainerRecord } from './record.ts';
import { mountRootfs, rootfsOf, unmountRootfs } from './rootfs.ts';
import { withMountSource } from './volume-folders.ts';

/**
 * Lets `work` at a container's files as the container sees them, its mounts included: through its first process if it runs, else by mounting
 * its tree, which keeps it from being started meanwhile.
 */
export async function withTree<T>(context: Context, id: string, work: (root: Root) => Promise<T>): Promise<T> {
  return withRoot(context, id, { mounts: true, work });
}

/** Only the container's own files, without what is mounted into it. */
export async function withOwnTree<T>(context: Context, id: string, work: (root: Root) => Promise<T>): Promise<T> {
  return withRoot(context, id, { mounts: false, work });
}

interface TreeWork<T> {
  mounts: boolean;
  work: (root: Root) => Promise<T>;
}

async function withRoot<T>(context: Context, id: string, { mounts, work }: TreeWork<T>): Promise<T> {
  {
    using live = openLive(context, id, mounts);
    if (live !== undefined) return await work(live);
  }
  using _ = await context.lock.acquire(id);
  // Started while we waited for the lock, or about to be cleared away after its end.
  using live = openLive(context, id, mounts);
  if (live !== undefined) return await work(live);
  await context.runs.get(id)?.done;
  await mkdir(context.runtime.bundleOf(id), { recursive: true, mode: 0o711 });
  const rootfs = await mountRootfs(context, id);
  try {
    if (mounts) mountVolumes(rootfs, context.records.get(id));
    using root = openRoot(rootfs);
    return await work(root);
  } finally {
    // Takes what is mounted below along.
    unmountRootfs(context, id);
  }
}

/** The tree of a running container, whose processes may change it at any time: nothing is remembered between two steps. */
function openLive(context: Context, id: string, mounts: boolean): Root | undefined {
  const task = context.runs.get(id)?.task;
  if (task?.alive() !== true) return undefined;
  const root = openRoot(mounts ? `/proc/${task.pid}/root` : rootfsOf(context, id), { live: true });
  // Alive after it was opened: the number was not given to another process in between.
  if (task.alive()) return root;
  root[Symbol.dispose]();
  return undefined;
}

/** Another container may have one of the volumes and change what the next is mounted on: each step goes by descriptors. */
function mountVolumes(rootfs: string, { mounts }: ContainerRecord): void {
  using root = openRoot(rootfs, { live: true });
  for (const mount of mounts) {
    if (mount.type === 'tmpfs' || statSync(mount.source, { throwIfNoEntry: false }) === undefined) continue;
    withMountSource(mount, (source, isFolder) => {
      const place = makePlace(root, mount.destination, isFolder);
      withPinned(root, place, (target) => mountAt(target, { type: 'bind', source, options: ['bind'] }));
      if (!mount.writable) withPinned(root, place, remountReadOnly);
    });
  }
}

/** Something to mount at, made if it is not there. */
function makePlace(root: Root, destination: string, isFolder: boolean): string {
  const place = root.resolveInRoot(destination, { follow: true, makeParent });
  if (root.lstat(place) !== undefined) return place;
  if (isFolder) root.mkdirs(place);
  else closeSync(root.openFile(place, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL));
  return place;
}

function makeParent({ path }: Located): void {
  mkdirSync(path, 0o755);
}

function withPinned(root: Root, place: string, work: (target: string) => void): void {
  const fd = root.openFile(place, O_PATH);
  try {
    work(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}
