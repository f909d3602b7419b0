import { mergeEnv } from './merge.ts';
import type { ContainerRecord } from './record.ts';

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Environment of a container's first process: what Docker sets, then the engine's own, then the container's. */
export function environmentOf({ config }: ContainerRecord, own: readonly string[] = []): string[] {
  const base = [DEFAULT_PATH, `HOSTNAME=${config.hostname}`, ...(config.tty ? ['TERM=xterm'] : [])];
  // `NAME` without a value takes the variable away.
  const asked = mergeEnv([...base, ...own], config.env);
  return asked.filter((entry) => entry.includes('='));
}
