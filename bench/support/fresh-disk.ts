import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '#lib/run.ts';

const GIGABYTES = 40;

/** An ext4 file system that was made just now, in a sparse file without caching of its own, like a disk: no delete has scattered its inodes. */
export interface FreshDisk extends AsyncDisposable {
  path: string;
}

/** @throws {InternalError} where nothing can be mounted */
export async function openFreshDisk(): Promise<FreshDisk> {
  // A path without letters of its own, so that sockets below it stay short.
  const folder = await mkdtemp('/tmp/bi-');
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const image = join(folder, 'disk');
  await using file = await open(image, 'w');
  await file.truncate(GIGABYTES * 1024 ** 3);
  const path = join(folder, 'm');
  await mkdir(path);
  const { stdout } = await run(['losetup', '--direct-io=on', '--find', '--show', image]);
  const device = stdout.trim();
  cleanup.defer(async () => void (await run(['losetup', '--detach', device])));
  await run(['mkfs.ext4', '-q', device]);
  await run(['mount', device, path]);
  cleanup.defer(async () => void (await run(['umount', path])));
  await rm(join(path, 'lost+found'), { recursive: true });
  const held = cleanup.move();
  return { path, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
