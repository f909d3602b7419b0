import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mountAt, unmount, unmountLater } from '#linux/mount.ts';
import type { Mount } from '#linux/mount.ts';
import type { Context } from './context.ts';

/** Where the tree of a running container is mounted. */
export function rootfsOf({ runtime }: Pick<Context, 'runtime'>, id: string): string {
  return join(runtime.bundleOf(id), 'rootfs');
}

/** Mounts a container's tree, once all layers of it are proven; unmounted again by `unmountRootfs`. */
export async function mountRootfs(
  context: Pick<Context, 'images' | 'runtime' | 'snapshots'>,
  id: string,
): Promise<string> {
  const rootfs = rootfsOf(context, id);
  await context.images.awaitLayers(id);
  const [mounts] = await Promise.all([context.snapshots.mounts(id), mkdir(rootfs, { recursive: true, mode: 0o711 })]);
  mountAll(rootfs, mounts);
  return rootfs;
}

/** Mounts one on another, as a snapshotter answers them. */
export function mountAll(target: string, mounts: readonly Mount[]): void {
  for (const mount of mounts) mountAt(target, mount);
}

export function unmountRootfs(context: Pick<Context, 'runtime'>, id: string): void {
  while (unmount(rootfsOf(context, id)));
}

/**
 * The same beside the event loop: with the last mount of a tree the kernel writes all that is to be written to the file system, which may be
 * gigabytes that another container wrote.
 */
export async function unmountRootfsLater(context: Pick<Context, 'runtime'>, id: string): Promise<void> {
  while (await unmountLater(rootfsOf(context, id)));
}
