import { randomBytes } from 'node:crypto';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mountAt, unmount } from '#linux/mount.ts';

const OPTIONS = ['nosuid', 'nodev', 'noexec', 'mode=0700', 'size=64m'];

/** A folder in memory: what lies in it never reaches a disk, and is gone when it is disposed. One of a dead engine is cleared with the workspaces. */
export async function openMemoryFolder(mountRoot: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(mountRoot, `memory-${randomBytes(8).toString('hex')}`);
  await mkdir(path, { mode: 0o700 });
  try {
    mountMemory(path);
  } catch (error) {
    await rmdir(path);
    throw error;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      unmount(path);
      await rmdir(path);
    },
  };
}

/** Kept out of swap where the kernel can (6.4). */
function mountMemory(path: string): void {
  try {
    mountAt(path, { type: 'tmpfs', source: 'tmpfs', options: [...OPTIONS, 'noswap'] });
  } catch {
    mountAt(path, { type: 'tmpfs', source: 'tmpfs', options: OPTIONS });
  }
}
