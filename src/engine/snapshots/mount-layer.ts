import { closeSync, constants, openSync } from 'node:fs';
import type { LayerImage, MountForm } from '#engine/layers/layer-store.ts';
import { O_PATH } from '#lib/files/o-path.ts';
import { type LoopDevice, openLoopDevice } from '#linux/loop-device.ts';
import { mountAt } from '#linux/mount.ts';
import { mountWithReadAhead } from '#linux/read-ahead.ts';

/** The forms that mount a layer's file. */
export type FileForm = Exclude<MountForm, 'directory'>;

/** Nothing in a layer means anything at its own mount: overlayfs opens devices and runs setuid programs by the rights of the mount above. */
const FLAGS = ['ro', 'nodev', 'nosuid', 'noexec'];

/**
 * Mounts the tree of a layer file at an existing folder.
 * @throws what mount(2) answers where this kernel or disk has no such form, or the file's index is broken
 */
export function mountLayer(target: string, { path, devices }: LayerImage, form: FileForm): void {
  if (form === 'loop') mountLoop(target, { path, devices });
  else mountFile(target, { path, devices }, form === 'directio' ? ['directio'] : []);
}

/** Donors are named through descriptors: their paths may hold commas, and all options have to fit into one page. */
function mountFile(target: string, { path, devices }: LayerImage, options: readonly string[]): void {
  const donors: number[] = [];
  try {
    for (const device of devices) donors.push(openSync(device, O_PATH | constants.O_NOFOLLOW));
    const named = donors.map((fd) => `device=/proc/self/fd/${fd}`);
    const mount = { type: 'erofs', source: path, options: [...FLAGS, ...options, ...named] };
    mountWithReadAhead(path, () => mountAt(target, mount));
  } finally {
    for (const fd of donors) closeSync(fd);
  }
}

function mountLoop(target: string, { path, devices }: LayerImage): void {
  const loops: LoopDevice[] = [];
  try {
    for (const file of [path, ...devices]) loops.push(openLoopDevice(file));
    const [own = '', ...donors] = loops.map((loop) => loop.path);
    mountAt(target, { type: 'erofs', source: own, options: [...FLAGS, ...donors.map((donor) => `device=${donor}`)] });
  } finally {
    for (const loop of loops) loop[Symbol.dispose](); // what is mounted keeps them
  }
}
