import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { O_PATH } from '#lib/files/o-path.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { sha256 } from '#lib/sha256.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import type { MountPoint } from './record.ts';

/**
 * Where a folder of a volume is held for a container: the runtime is given this place, because whoever has the volume may put a link to
 * the host's files under the folder's own name at any time (CVE-2024-23651 and its like).
 */
export function volumeFolder(bundle: string, { destination }: MountPoint): string {
  return join(folderOf(bundle), sha256(destination).slice('sha256:'.length));
}

/** Holds the folders of volumes that a container is given. @throws {InvalidArgumentError}; {NotFoundError} if one is missing */
export function holdVolumeFolders(bundle: string, mounts: readonly MountPoint[]): void {
  for (const mount of mounts) {
    if (mount.subpath === undefined) continue;
    withMountSource(mount, (source, isFolder) => {
      const place = volumeFolder(bundle, mount);
      mkdirSync(isFolder ? place : folderOf(bundle), { recursive: true, mode: 0o711 });
      if (!isFolder) writeFileSync(place, '');
      mountAt(place, { type: 'bind', source, options: ['bind'] });
    });
  }
}

/** Lets go of them; none is fine. */
export function releaseVolumeFolders(bundle: string): void {
  for (const name of namesIn(folderOf(bundle))) while (unmount(join(folderOf(bundle), name)));
}

/**
 * Tells `work` a path for mount(2) that leads to what is mounted, and whether it is a folder. A folder of a volume is pinned by a
 * descriptor: links lead on inside the volume only.
 */
export function withMountSource(mount: MountPoint, work: (source: string, isFolder: boolean) => void): void {
  const fd = mount.subpath === undefined ? openSync(mount.source, O_PATH) : openFolder(mount, mount.subpath);
  try {
    const stats = fstatSync(fd);
    if (stats.isSymbolicLink()) throw new InvalidArgumentError(`${mount.subpath}: changed while it was looked up`);
    work(`/proc/self/fd/${fd}`, stats.isDirectory());
  } finally {
    closeSync(fd);
  }
}

function openFolder({ source, name = '' }: MountPoint, subpath: string): number {
  using root = openRoot(source, { live: true });
  try {
    return root.openFile(root.resolveInRoot(subpath, { follow: true }), O_PATH);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new NotFoundError(`cannot access path ${subpath} of volume ${name}: no such file or directory`, {
      cause: error,
    });
  }
}

function folderOf(bundle: string): string {
  return join(bundle, 'volumes');
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
