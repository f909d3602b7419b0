import { mkdir, readdir } from 'node:fs/promises';
import { openRoot } from '#lib/files/open-root.ts';
import { extractTar } from '#engine/snapshots/tree/extract-tar.ts';
import { packTree } from '#engine/snapshots/tree/pack-tree.ts';
import type { Context } from './context.ts';
import type { MountPoint } from './record.ts';
import { mountRootfs, unmountRootfs } from './rootfs.ts';

/** Fills empty volumes with what the image has at their destination, owner and mode of the folder included. */
export async function copyUp(
  context: Pick<Context, 'images' | 'runtime' | 'snapshots'>,
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
      const folder = root.resolveInRoot(destination, { follow: true });
      // Another container may have the volume already, and put links where files are to be written.
      using volume = openRoot(source, { live: true });
      await extractTar(volume, packTree(root, folder, { as: '.' }));
    }
  } finally {
    unmountRootfs(context, id);
  }
}
