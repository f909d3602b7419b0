import { stat } from 'node:fs/promises';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { mountAt } from '#linux/mount.ts';
import { mountsBelow } from '#linux/mounts-below.ts';
import type { VolumeRecord } from './volumes.ts';

const KNOWN = new Set(['type', 'device', 'o', 'size']);

/**
 * Mounts what the options of a volume name (`type`, `device`, `o`, as for mount(8)) at its mount point, unless it is there. A volume
 * without such options is a plain folder.
 * @throws {InvalidArgumentError} for an option that the driver does not have; {NotFoundError} if the device is not there
 */
export async function mountDevice({ options, mountpoint, name }: VolumeRecord): Promise<void> {
  const unknown = Object.keys(options).find((key) => !KNOWN.has(key));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`create ${name}: invalid option: "${unknown}"`, {
      hint: 'the driver "local" knows type, device and o',
    });
  const { type = '', device = '', o = '' } = options;
  if (device === '' && type === '') return;
  if (device === '' || type === '')
    throw new InvalidArgumentError(`create ${name}: missing device in volume options`, {
      why: 'type and device belong together',
    });
  if (mountsBelow(mountpoint).includes(mountpoint)) return;
  const words = o.split(',').filter((word) => word !== '');
  const isBind = words.includes('bind') || words.includes('rbind');
  if (isBind) await refuseMissing(name, device);
  mountAt(mountpoint, { type: isBind ? 'bind' : type, source: device, options: words });
}

async function refuseMissing(name: string, device: string): Promise<void> {
  const found = await stat(device).catch(() => undefined);
  if (found === undefined)
    throw new NotFoundError(`create ${name}: failed to mount local volume: ${device}: no such file or directory`);
}
