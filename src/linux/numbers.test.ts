import { constants } from 'node:fs';
import { expect, test } from 'vitest';
import { UnavailableError } from '#lib/errors.ts';
import { NUMBERS, numbers } from './numbers.ts';

test('flags of this architecture are those that Node was compiled with', () => {
  const { open } = numbers();
  expect(open.directory).toBe(constants.O_DIRECTORY);
  expect(open.noFollow).toBe(constants.O_NOFOLLOW);
  expect(open.direct).toBe(constants.O_DIRECT);
});

test('arm64 has the numbers of asm-generic/unistd.h and its own asm/fcntl.h', () => {
  expect(NUMBERS.arm64).toEqual({
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
      directory: 0x4000,
      noFollow: 0x8000,
      direct: 0x10000,
      largeFile: 0x20000,
      closeOnExec: 0x80000,
      path: 0x200000,
    },
    socket: { closeOnExec: 0x80000, nonBlocking: 0x800 },
    timespec: { size: 16, field: 8 },
  });
});

test('amd64 has the numbers of asm/unistd_64.h and asm-generic/fcntl.h', () => {
  expect(NUMBERS.x64).toEqual({
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
      directory: 0x10000,
      noFollow: 0x20000,
      direct: 0x4000,
      largeFile: 0x8000,
      closeOnExec: 0x80000,
      path: 0x200000,
    },
    socket: { closeOnExec: 0x80000, nonBlocking: 0x800 },
    timespec: { size: 16, field: 8 },
  });
});

test('an architecture without a row is refused', () => {
  expect(() => numbers('riscv64')).toThrow(UnavailableError);
});
