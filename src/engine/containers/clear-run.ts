import { rm } from 'node:fs/promises';
import { unmount } from '#linux/mount.ts';
import { shmFolderOf } from './build-spec.ts';
import type { Context } from './context.ts';
import { unmountRootfs, unmountRootfsLater } from './rootfs.ts';
import { releaseVolumeFolders } from './volume-folders.ts';

/** Takes away what a run left on the host: control groups, mounts, network. Nothing left is fine. */
export async function clearRun(context: Pick<Context, 'runtime' | 'networks' | 'log'>, id: string): Promise<void> {
  const { runtime, networks, log } = context;
  const complain = (what: string) => (error: unknown) =>
    log.error(`${what} was left behind`, { id, error: String(error) });
  await Promise.all([
    runtime.remove(id).catch(complain('control group')),
    networks.detach(id).catch(complain('network')),
  ]);
  await unmountRootfsLater(context, id);
  unmount(shmFolderOf(runtime.bundleOf(id)));
  releaseVolumeFolders(runtime.bundleOf(id));
}

/** Also the bundle itself; for a container that is removed. */
export async function removeBundle({ runtime }: Pick<Context, 'runtime'>, id: string): Promise<void> {
  // Never through a mount that is still there.
  unmountRootfs({ runtime }, id);
  releaseVolumeFolders(runtime.bundleOf(id));
  await rm(runtime.bundleOf(id), { recursive: true, force: true });
}
