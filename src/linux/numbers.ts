import { UnavailableError } from '#lib/errors.ts';

/** Numbers of the kernel's interface that Node does not tell and that differ, or could differ, by architecture. */
export interface Numbers {
  /** System calls without a wrapper in the oldest C library that we run on. */
  syscalls: Record<
    'pidfdSendSignal' | 'pidfdOpen' | 'openat2' | 'moveMount' | 'fsopen' | 'fsconfig' | 'fsmount' | 'cachestat',
    number
  >;
  /** Flags of open(2). */
  open: { directory: number; noFollow: number; direct: number; largeFile: number; closeOnExec: number; path: number };
  /** Flags in the second argument of socket(2). */
  socket: { closeOnExec: number; nonBlocking: number };
  /** Bytes of `struct timespec` and of each of its two fields. */
  timespec: { size: number; field: number };
}

/** By `process.arch`. The rows are compared with the kernel's headers (asm-generic/unistd.h, asm/fcntl.h) in the test. */
export const NUMBERS: Readonly<Record<'x64' | 'arm64', Numbers>> = {
  x64: {
    syscalls: {
      moveMount: 429,
      fsopen: 430,
      fsconfig: 431,
      fsmount: 432,
      pidfdSendSignal: 424,
      pidfdOpen: 434,
      openat2: 437,
      cachestat: 451,
    },
    open: {
      directory: 0o200000,
      noFollow: 0o400000,
      direct: 0o40000,
      largeFile: 0o100000,
      closeOnExec: 0o2000000,
      path: 0o10000000,
    },
    socket: { closeOnExec: 0o2000000, nonBlocking: 0o4000 },
    timespec: { size: 16, field: 8 },
  },
  arm64: {
    syscalls: {
      moveMount: 429,
      fsopen: 430,
      fsconfig: 431,
      fsmount: 432,
      pidfdSendSignal: 424,
      pidfdOpen: 434,
      openat2: 437,
      cachestat: 451,
    },
    open: {
      directory: 0o40000,
      noFollow: 0o100000,
      direct: 0o200000,
      largeFile: 0o400000,
      closeOnExec: 0o2000000,
      path: 0o10000000,
    },
    socket: { closeOnExec: 0o2000000, nonBlocking: 0o4000 },
    timespec: { size: 16, field: 8 },
  },
};

/**
 * The row of this machine.
 * @throws {UnavailableError} on an architecture that has none
 */
export function numbers(architecture: string = process.arch): Numbers {
  if (architecture === 'x64' || architecture === 'arm64') return NUMBERS[architecture];
  throw new UnavailableError(`no kernel numbers for the architecture ${architecture}`, {
    why: 'the engine runs on amd64 and arm64',
  });
}
