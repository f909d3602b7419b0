import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import { mountAt } from '#linux/mount.ts';
import type { Context } from './context.ts';
import { type ContainerRecord, isRunning } from './record.ts';
import { mountRootfs, rootfsOf, unmountRootfs } from './rootfs.ts';

/**
 * Lets `work` at a container's files as the container sees them, its mounts included: through its first process if it runs, else by mounting
 * its tree, which keeps it from being started meanwhile.
 */
export async function withTree<T>(
  context: Context,
  record: ContainerRecord,
  work: (root: Root) => Promise<T>,
): Promise<T> {
  if (isRunning(record) && record.task !== undefined) {
    // Its processes may change the tree at any time: nothing is remembered between two steps.
    using root = openRoot(`/proc/${record.task.pid}/root`, { live: true });
    return await work(root);
  }
  return withStoppedTree(context, record.id, { volumes: true, work });
}

async function withStoppedTree<T>(
  context: Context,
  id: string,
  { volumes, work }: { volumes: boolean; work: (root: Root) => Promise<T> },
): Promise<T> {
  using _ = await context.lock.acquire(id);
  const now = context.records.get(id);
  if (isRunning(now) && now.task !== undefined) {
    using root = openRoot(volumes ? `/proc/${now.task.pid}/root` : rootfsOf(context, id), { live: true });
    return await work(root);
  }
  await mkdir(context.runtime.bundleOf(id), { recursive: true, mode: 0o711 });
  const rootfs = await mountRootfs(context, id);
  try {
    if (volumes) mountVolumes(rootfs, now);
    using root = openRoot(rootfs);
    return await work(root);
  } finally {
    // Takes what is mounted below along.
    unmountRootfs(context, id);
  }
}

/** Only the container's own files, without what is mounted into it. */
export async function withOwnTree<T>(
  context: Context,
  record: ContainerRecord,
  work: (root: Root) => Promise<T>,
): Promise<T> {
  if (isRunning(record)) {
    using root = openRoot(rootfsOf(context, record.id), { live: true });
    return await work(root);
  }
  return withStoppedTree(context, record.id, { volumes: false, work });
}

function mountVolumes(rootfs: string, { mounts }: ContainerRecord): void {
  using root = openRoot(rootfs);
  for (const { type, source, destination, writable } of mounts) {
    const stats = type === 'tmpfs' ? undefined : statSync(source, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    const target = join(rootfs, root.resolveInRoot(destination, { follow: true, makeParent: ({ path }) => mkdirSync(path, 0o755) })); // prettier-ignore
    if (root.stat(destination) === undefined) {
      if (stats.isDirectory()) root.mkdirs(destination);
      else writeFileSync(target, '', { flag: 'wx' });
    }
    mountAt(target, { type: 'bind', source, options: ['bind', ...(writable ? [] : ['ro'])] });
  }
}
