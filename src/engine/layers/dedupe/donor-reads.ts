import { readSync } from 'node:fs';

/** Reads files of donors for comparison, where one wanted range follows the other as a rule. */
export interface DonorReads {
  /** @returns the bytes, in memory that is used again for the next ones; fewer where the file ends */
  read(fd: number, offset: number, length: number): Buffer;
}

/** So much is read at once where ranges follow each other: what lies between them is small, and many calls cost more. */
const WINDOW_BYTES = 1024 * 1024;
const WINDOWS = 4;
/** A range that begins so far behind the last one follows it. */
const GAP_BYTES = 128 * 1024;
/** A window goes to another file when it was not used for so many reads. */
const IDLE_READS = 64;

interface Window {
  fd: number;
  memory: Buffer;
  /** In the file, of what the memory holds. */
  from: number;
  to: number;
  usedAt: number;
}

export function createDonorReads(): DonorReads {
  const windows: Window[] = [];
  const ends = new Map<number, number>();
  const single = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  let reads = 0;

  const windowFor = (fd: number): Window | undefined => {
    const own = windows.find((window) => window.fd === fd);
    if (own !== undefined) return own;
    if (windows.length < WINDOWS) {
      const window = { fd, memory: Buffer.allocUnsafeSlow(WINDOW_BYTES), from: 0, to: 0, usedAt: reads };
      windows.push(window);
      return window;
    }
    const idle = windows.find(({ usedAt }) => reads - usedAt > IDLE_READS);
    return idle === undefined ? undefined : Object.assign(idle, { fd, from: 0, to: 0 });
  };
  return {
    read(fd, offset, length) {
      reads += 1;
      const wanted = Math.min(length, WINDOW_BYTES);
      const gap = offset - (ends.get(fd) ?? offset - GAP_BYTES - 1);
      ends.set(fd, offset + wanted);
      const follows = gap >= 0 && gap <= GAP_BYTES;
      const window = follows ? windowFor(fd) : windows.find((known) => known.fd === fd);
      if (window === undefined) return single.subarray(0, readSync(fd, single, 0, wanted, offset));
      const isHeld = offset >= window.from && offset + wanted <= window.to;
      if (!isHeld && !follows) return single.subarray(0, readSync(fd, single, 0, wanted, offset));
      if (!isHeld) fill(window, offset);
      window.usedAt = reads;
      return window.memory.subarray(offset - window.from, Math.min(offset + wanted, window.to) - window.from);
    },
  };
}

function fill(window: Window, offset: number): void {
  window.from = window.to = offset;
  window.to += readSync(window.fd, window.memory, 0, WINDOW_BYTES, offset);
}
