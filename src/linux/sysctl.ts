import { readFileSync, writeFileSync } from 'node:fs';

/**
 * A kernel setting by its path below /proc/sys (`net/ipv4/ip_forward`); undefined if this kernel lacks it. Settings below `net` are
 * those of the calling thread's network namespace: hence synchronous.
 */
export function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Sets it unless it is so already. @returns whether it has the value now */
export function writeSysctl(name: string, value: string): boolean {
  if (readSysctl(name) === value) return true;
  try {
    writeFileSync(`/proc/sys/${name}`, value);
    return true;
  } catch {
    return false;
  }
}
