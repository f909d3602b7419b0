import { c } from './ffi.ts';

const WNOHANG = 1;

/**
 * Takes a child's exit from the kernel, if it ended. One process at a time: waiting for any would take what Node waits for.
 * @returns 0 to 255, 128 + n for a signal; undefined while it runs, or when it is not our child
 */
export function reapChild(pid: number): number | undefined {
  const status = [0];
  return c.waitpid(pid, status, WNOHANG) === pid ? exitCodeOf(status[0] ?? 0) : undefined;
}

/** The code that a shell would tell, of a wait status (wait(2)). */
export function exitCodeOf(status: number): number {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
}
