import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '#lib/run.ts';
import { openRoot } from '#lib/files/open-root.ts';
import type { Context } from './context.ts';
import type { MountPoint } from './record.ts';
import { mountRootfs, unmountRootfs } from './rootfs.ts';

/** Fills empty volumes with what the image has at their destination, owner and mode of the folder included. */
export async function copyUp(
  context: Pick<Context, 'runtime' | 'snapshots'>,
  id: string,
  mounts: readonly MountPoint[],
): Promise<void> {
  const wanted = mounts.filter(({ type, noCopy, subpath }) => type === 'volume' && noCopy !== true && !subpath);
  const empty: MountPoint[] = [];
  for (const mount of wanted) if ((await readdir(mount.source)).length === 0) empty.push(mount);
  if (empty.length === 0) return;
  await mkdir(context.runtime.bundleOf(id), { recursive: true, mode: 0o711 });
  const rootfs = await mountRootfs(context, id);
  try {
    using root = openRoot(rootfs);
    for (const { destination, source } of empty) {
      if (root.stat(destination)?.isDirectory() !== true) continue;
      // Nothing runs in the tree yet, so a path without links stays one.
      const folder = join(rootfs, root.resolveInRoot(destination, { follow: true }));
      await run(['cp', '--archive', '--', `${folder}/.`, source]);
    }
  } finally {
    unmountRootfs(context, id);
  }
}
