import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { parseDeviceNumber } from './mknod.ts';

const DEVICES = '/sys/class/bdi';
const EROFS = /^erofs-\d+$/;

/**
 * Mounts a file that is an EROFS image, and lets the kernel read ahead in it as far as on the disk that the file lies on. By itself it reads 128 KiB
 * ahead, which makes large libraries slow to start from disks that were set to more. Where the mount cannot be told from others, it stays at that.
 * @param path of the file
 */
export function mountWithReadAhead(path: string, mount: () => void): void {
  const before = new Set(erofsDevices());
  mount();
  const added = erofsDevices().filter((name) => !before.has(name));
  const [own] = added;
  if (own === undefined || added.length > 1) return;
  try {
    writeFileSync(`${DEVICES}/${own}/read_ahead_kb`, readFileSync(`${DEVICES}/${deviceOf(path)}/read_ahead_kb`));
  } catch {
    // Slower at most: a file system without a block device, or /sys may not be written.
  }
}

function erofsDevices(): string[] {
  try {
    return readdirSync(DEVICES).filter((name) => EROFS.test(name));
  } catch {
    return [];
  }
}

/** The block device that a file lies on, as /sys has it. */
function deviceOf(path: string): string {
  const { major, minor } = parseDeviceNumber(statSync(path, { bigint: true }).dev);
  return `${major}:${minor}`;
}
