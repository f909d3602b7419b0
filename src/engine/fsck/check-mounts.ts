import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopDevicesBelow } from '#linux/loop-device.ts';
import { unmount } from '#linux/mount.ts';
import { type MountEntry, parseMountinfo } from '#linux/proc.ts';
import { type Check, type Step, tell } from './check.ts';

/** Mounts and loop devices come before the record of who uses them; after this time they have one, milliseconds. */
const RECORDED_WITHIN_MS = 1000;

/** Mounts and loop devices of this engine that nothing uses. */
export async function* checkMounts(check: Check): AsyncGenerator<Step> {
  yield { phase: 'mounts' };
  const mounts = await lasting(async () => orphanMounts(check, await readMounts()));
  for (const path of mounts)
    yield await tell(
      check,
      {
        kind: 'mount',
        subject: path,
        what: 'something is mounted that nothing uses',
        why: `${path} belongs to no layer in use and to no container`,
        fix: 'run `berth fsck --repair`, which unmounts it',
      },
      () => {
        unmount(path);
        return 'it was unmounted';
      },
    );
  for (const device of await lasting(async () => orphanLoops(check.deps.dataRoot)))
    yield await tell(check, {
      kind: 'mount',
      subject: device,
      what: 'a loop device holds a layer file that is not mounted',
      why: `${device} is bound to a file of this engine, and no mount is on it`,
      fix: `run \`losetup -d ${device}\``,
    });
}

/** What is found both now and a moment later. */
async function lasting(find: () => Promise<string[]>): Promise<string[]> {
  const first = await find();
  if (first.length === 0) return [];
  await sleep(RECORDED_WITHIN_MS);
  const second = new Set(await find());
  return first.filter((one) => second.has(one));
}

async function readMounts(): Promise<MountEntry[]> {
  return parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** Mounts of layers that nobody wants, and of containers that are not there any more. */
function orphanMounts({ deps }: Check, mounts: readonly MountEntry[]): string[] {
  const { execRoot, containers, snapshots } = deps;
  const ids = new Set(containers.records().map(({ id }) => id));
  const points = mounts.map(({ mountPoint }) => mountPoint);
  const strays = new Set(snapshots.strayMounts());
  return points.filter((path) => {
    if (strays.has(path)) return true;
    const container = nameBelow(join(execRoot, 'containers'), path) ?? nameBelow(join(execRoot, 'networks'), path);
    // Steps of builds have names of another kind, and clear up after themselves.
    return container !== undefined && /^[0-9a-f]{64}$/.test(container) && !ids.has(container);
  });
}

/** Loop devices on files below a folder, without a mount. Those that go with their last user have one: a mount, or a layer whose donor they are. */
async function orphanLoops(folder: string): Promise<string[]> {
  const mounted = new Set((await readMounts()).map(({ source }) => source));
  return loopDevicesBelow(folder)
    .filter(({ device, goesByItself }) => !goesByItself && !mounted.has(device))
    .map(({ device }) => device);
}

/** Of what lies below a folder, the name of the entry it lies in. */
function nameBelow(folder: string, path: string): string | undefined {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1).split('/')[0] : undefined;
}
