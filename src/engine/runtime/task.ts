import { readFileSync } from 'node:fs';
import { parseStat } from '#linux/proc.ts';
import { openPidfd, type Pidfd } from '#linux/pidfd.ts';
import { reapChild } from '#linux/wait.ts';
import type { Exits } from './exits.ts';

/** A container's first process and its supervisor. */
export interface Task {
  readonly id: string;
  readonly pid: number;
  readonly conmonPid: number;
  /** With the pid, names the process for good. */
  readonly startTicks: string;
  /** Exit code, also of one that ended before this engine process began. */
  readonly exited: Promise<number>;
  /** Whether `exited` has its code. */
  readonly ended: boolean;
  alive(): boolean;
  /** @returns false if it ended before */
  signal(number: number): boolean;
  /** Looks whether it ended without its supervisor telling. */
  check(): Promise<void>;
  /** Stops watching; nothing happens to the process. */
  release(): void;
}

const LOST_EXIT_CODE = 255;

/** Watches a process that runs, or did when its pid was written down. */
export function openTask(
  exits: Exits,
  { id, pid, conmonPid, startTicks }: { id: string; pid: number; conmonPid: number; startTicks?: string },
): Task {
  const ticks = startTicks ?? ticksOf(pid);
  const pidfd = ticks !== undefined && ticksOf(pid) === ticks ? pidfdOf(pid) : undefined;
  const { promise, resolve } = Promise.withResolvers<number>();
  let ended = false;
  let misses = 0;
  const finish = (code: number): void => {
    if (ended) return;
    ended = true;
    resolve(code);
  };
  const watching = exits.watch(id, finish);
  return {
    id,
    pid,
    conmonPid,
    startTicks: ticks ?? '',
    exited: promise,
    get ended() {
      return ended;
    },
    alive: () => pidfd?.alive() === true,
    signal: (number) => pidfd?.signal(number) === true,
    async check() {
      if (ended || pidfd?.alive() === true) return;
      const code = await exits.read(id);
      if (code !== undefined) finish(code);
      // Between a process's end and its exit file lies a moment: the supervisor still empties the pipes.
      else if (++misses >= 2 && !isAlive(conmonPid)) finish(pidfd?.exitCode() ?? LOST_EXIT_CODE);
    },
    release() {
      watching[Symbol.dispose]();
      pidfd?.[Symbol.dispose]();
      reapChild(conmonPid);
    },
  };
}

function pidfdOf(pid: number): Pidfd | undefined {
  try {
    return openPidfd(pid);
  } catch {
    return undefined;
  }
}

/** Start time of a process that lives; undefined for none and for a zombie. */
function ticksOf(pid: number): string | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')).startTicks.toString();
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')).state !== 'Z';
  } catch {
    return false;
  }
}
