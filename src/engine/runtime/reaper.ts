import { readFile } from 'node:fs/promises';
import { parseStat } from '#linux/proc.ts';
import { reapChild } from '#linux/wait.ts';

export interface Reaper {
  /** A process that is known to be an orphan, such as a supervisor: taken at the first look. */
  add(pid: number): void;
  sweep(): Promise<void>;
}

/**
 * Takes the exits of orphans that arrive because we are a subreaper. Node's own children are never touched: Node takes theirs at once, so
 * only who is a zombie at two looks in a row is an orphan.
 */
export function createReaper(): Reaper {
  let seen = new Set<number>();
  const known = new Set<number>();
  return {
    add: (pid) => void known.add(pid),
    async sweep() {
      const zombies = new Set<number>();
      for (const pid of await children()) {
        if (!(await isZombie(pid))) continue;
        if (known.delete(pid) || seen.has(pid)) reapChild(pid);
        else zombies.add(pid);
      }
      seen = zombies;
    },
  };
}

async function children(): Promise<number[]> {
  const text = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8').catch(() => '');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

async function isZombie(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return text !== '' && parseStat(text).state === 'Z';
}
