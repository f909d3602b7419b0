import { readFile } from 'node:fs/promises';
import { release } from 'node:os';

/** Release of the running kernel as uname(1) tells it. */
export function kernelRelease(): string {
  return release();
}

/** Whether the running kernel is at least this one. */
export function kernelAtLeast(major: number, minor: number, text: string = release()): boolean {
  const [ownMajor = 0, ownMinor = 0] = text.split(/[.-]/).map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** Whether AppArmor profiles can be applied. */
export async function hasAppArmor(): Promise<boolean> {
  const text = await readFile('/sys/module/apparmor/parameters/enabled', 'utf8').catch(() => '');
  return text.startsWith('Y');
}
