import { mkdir, stat } from 'node:fs/promises';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Context } from './context.ts';
import type { PlannedMount } from './plan-mounts.ts';
import type { MountPoint } from './record.ts';

/**
 * Makes the volumes of planned mounts and looks at the sources of binds.
 * @throws {InvalidArgumentError} if the source of a `--mount` bind does not exist
 */
export async function resolveMounts(
  { volumes }: Pick<Context, 'volumes'>,
  planned: readonly PlannedMount[],
): Promise<MountPoint[]> {
  const mounts: MountPoint[] = [];
  for (const { volumeRequest, ...mount } of planned) {
    if (mount.type === 'bind') await checkSource(mount);
    if (mount.type !== 'volume' || mount.source !== '') {
      mounts.push(mount);
      continue;
    }
    const request = { ...volumeRequest, ...(mount.name === undefined ? {} : { name: mount.name }) };
    const { name, mountpoint, driver } = await volumes.create(request);
    mounts.push({ ...mount, name, source: mountpoint, driver });
  }
  return mounts;
}

async function checkSource({ source, createSource }: MountPoint): Promise<void> {
  const found = await stat(source).catch(() => undefined);
  if (found !== undefined || createSource === true) return;
  throw new InvalidArgumentError(`invalid mount config for type "bind": bind source path does not exist: ${source}`);
}

/** What `-v` promises: a source that is not there becomes a folder. */
export async function createSources(mounts: readonly MountPoint[]): Promise<void> {
  for (const { type, source, createSource } of mounts) {
    if (type !== 'bind' || createSource !== true) continue;
    if ((await stat(source).catch(() => undefined)) === undefined) await mkdir(source, { recursive: true });
  }
}
