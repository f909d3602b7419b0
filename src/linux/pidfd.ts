import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { c, checked, lastErrno } from './ffi.ts';
import { numbers } from './numbers.ts';
import { parseStat } from './proc.ts';
import { adopt } from './seqpacket.ts';
import { exitCodeOf, reapChild } from './wait.ts';

/** `PIDFD_GET_INFO` with a buffer of 64 bytes (linux/pidfd.h, kernel 6.15 and later for the exit code). */
const PIDFD_GET_INFO = 0xc040ff0b;
const PIDFD_INFO_EXIT = 8n;
const F_DUPFD_CLOEXEC = 1030;
const POLL_MS = 50;
const INFO = { size: 64, mask: 0, exitCode: 60 } as const;

/** A process that cannot be mistaken for a later one with the same number. Close it by disposing. */
export interface Pidfd extends Disposable {
  readonly pid: number;
  /** False as soon as the process ended, also while nobody has taken its exit code. */
  alive(): boolean;
  /** Sends a signal by number. @returns false if the process ended before */
  signal(number: number): boolean;
  /** Exit code of the process once it ended (128 + n for a signal); undefined while it runs or when the kernel no longer tells. */
  exitCode(): number | undefined;
  /** Resolves when the process has ended. */
  ended(options?: { signal?: AbortSignal }): Promise<void>;
}

/** @throws {NotFoundError} if there is no such process */
export function openPidfd(pid: number): Pidfd {
  const fd = checked(c.syscall(numbers().syscalls.pidfdOpen, 'int', pid, 'uint', 0), `open process ${pid}`);
  let open = true;
  let code: number | undefined;

  /** Also true of a process that ended and was not reaped yet: the number is still its own. */
  const hasNumber = (): boolean => open && send(fd, 0) === 0;
  const alive = (): boolean => hasNumber() && statOf(pid)?.state !== 'Z';
  return {
    pid,
    alive,
    signal(number) {
      if (!alive()) return false;
      if (send(fd, number) === 0) return true;
      if (lastErrno() !== 'ESRCH') checked(-1, `signal ${number} to process ${pid}`);
      return false;
    },
    exitCode: () => (code ??= reapChild(pid) ?? exitOf(fd) ?? (hasNumber() ? zombieExit(pid) : undefined)),
    async ended(options = {}) {
      options.signal?.throwIfAborted();
      await readable(fd, options.signal);
      options.signal?.throwIfAborted();
      while (alive()) await sleep(POLL_MS, undefined, options);
    },
    [Symbol.dispose]() {
      if (open) c.close(fd);
      open = false;
    },
  };
}

function send(fd: number, number: number): number {
  const { pidfdSendSignal } = numbers().syscalls;
  return Number(c.syscall(pidfdSendSignal, 'int', fd, 'int', number, 'void *', null, 'uint', 0) as number | bigint);
}

/**
 * Waits until the descriptor can be read, which is when its process has ended: the event loop watches it as it would a pipe, and the
 * read that follows fails, for there is nothing to read.
 */
async function readable(fd: number, signal: AbortSignal | undefined): Promise<void> {
  const own = checked(c.fcntl(fd, F_DUPFD_CLOEXEC, 'int', 0), 'duplicate descriptor');
  const socket = tryAdopt(own);
  if (socket === undefined) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('error', () => {}).once('close', resolve);
  const abort = (): unknown => socket.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  socket.resume();
  await promise;
  signal?.removeEventListener('abort', abort);
}

/** Where Node does not watch a descriptor of this kind, its owner is asked again and again instead. */
function tryAdopt(fd: number): Socket | undefined {
  try {
    return adopt(fd);
  } catch {
    c.close(fd);
    return undefined;
  }
}

/** What the kernel keeps of a process that was reaped, for who held it open. */
function exitOf(fd: number): number | undefined {
  const info = Buffer.alloc(INFO.size);
  info.writeBigUInt64LE(PIDFD_INFO_EXIT, INFO.mask);
  if (c.ioctl(fd, PIDFD_GET_INFO, 'void *', info) !== 0) return undefined;
  if ((info.readBigUInt64LE(INFO.mask) & PIDFD_INFO_EXIT) === 0n) return undefined;
  return exitCodeOf(info.readInt32LE(INFO.exitCode));
}

/** A process that ended and was not reaped yet still has its status in /proc. */
function zombieExit(pid: number): number | undefined {
  const stat = statOf(pid);
  return stat?.state === 'Z' ? exitCodeOf(stat.exitStatus) : undefined;
}

function statOf(pid: number): ReturnType<typeof parseStat> | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}
