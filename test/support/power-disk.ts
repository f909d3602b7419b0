import { constants, copyFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '#lib/run.ts';
import { unmount } from '#linux/mount.ts';
import { mountsBelow } from '#linux/mounts-below.ts';

/** An ext4 file system on a disk whose power can be cut. */
export interface PowerDisk extends AsyncDisposable {
  /** Where it is mounted. */
  path: string;
  /** Keeps what the disk has at this moment; what only the kernel's memory has is not in it. */
  cut(): void;
  /** Puts the disk as it was at the cut in its place. Nothing may use the file system any more; what is mounted below it goes. */
  revive(): Promise<void>;
}

/**
 * The disk is a file on an XFS of its own, where a copy of any size takes a moment. ext4 has its default options, so what a program
 * has written and not synced is on the disk some seconds later.
 * @param options of the mount, instead of those defaults
 * @throws {UnavailableError} without mkfs.ext4 and mkfs.xfs
 */
export async function openPowerDisk(megabytes: number, { options = 'loop' } = {}): Promise<PowerDisk> {
  const folder = await mkdtemp('/tmp/b-power-');
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const shelf = join(folder, 'shelf');
  await makeFile(join(folder, 'xfs'), 2 * megabytes + 400);
  await run(['mkfs.xfs', '-q', '-m', 'reflink=1', join(folder, 'xfs')]);
  await mountLoop(join(folder, 'xfs'), shelf);
  cleanup.defer(() => void unmount(shelf));
  const disk = join(shelf, 'disk');
  const copy = join(shelf, 'copy');
  await makeFile(disk, megabytes);
  await run(['mkfs.ext4', '-q', disk]);
  const path = join(folder, 'm');
  await mountLoop(disk, path, options);
  cleanup.defer(() => release(path));
  const held = cleanup.move();
  return {
    path,
    cut: () => copyFileSync(disk, copy, constants.COPYFILE_FICLONE_FORCE),
    async revive() {
      release(path);
      await rename(copy, disk);
      await mountLoop(disk, path, options);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function release(path: string): void {
  for (const point of mountsBelow(path)) unmount(point);
}

async function makeFile(path: string, megabytes: number): Promise<void> {
  await using file = await open(path, 'w');
  await file.truncate(megabytes * 1024 * 1024);
}

async function mountLoop(image: string, path: string, options = 'loop'): Promise<void> {
  await mkdir(path, { recursive: true });
  await run(['mount', '-o', options, image, path]);
}
