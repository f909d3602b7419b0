import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '#lib/run.ts';
import { unmount } from '#linux/mount.ts';

/** A file system of its own in a file, to be filled. */
export interface SmallDisk extends AsyncDisposable {
  /** Where it is mounted. */
  path: string;
}

/** @throws {UnavailableError} without mkfs.ext4; {InternalError} where nothing can be mounted */
export async function openSmallDisk(megabytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp('/tmp/b-disk-');
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const image = join(folder, 'image');
  const file = await open(image, 'w');
  await file.truncate(megabytes * 1024 * 1024);
  await file.close();
  await run(['mkfs.ext4', '-q', '-O', '^has_journal', image]);
  const path = join(folder, 'm');
  await mkdir(path);
  await run(['mount', '-o', 'loop', image, path]);
  cleanup.defer(() => void unmount(path));
  const held = cleanup.move();
  return { path, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
