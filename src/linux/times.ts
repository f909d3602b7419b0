import { c, checked } from './ffi.ts';
import { numbers } from './numbers.ts';

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const UTIME_OMIT = (1n << 30n) - 2n;
const SECOND = 1_000_000_000n;

/** Sets the times of a file to the nanosecond; a symbolic link gets them itself. One that is absent stays. Nanoseconds since epoch. */
export function setTimes(path: string, times: FileTimes): void {
  checked(c.utimensat(AT_FDCWD, path, encodeTimes(times), AT_SYMLINK_NOFOLLOW), `set times of ${path}`);
}

/** Nanoseconds since epoch. */
export interface FileTimes {
  atimeNs?: bigint;
  mtimeNs?: bigint;
}

/** As `struct timespec` twice; one that is absent stays as it is. */
export function encodeTimes({ atimeNs, mtimeNs }: FileTimes): Buffer {
  const { size, field } = numbers().timespec;
  const times = Buffer.alloc(2 * size);
  for (const [index, time] of [atimeNs, mtimeNs].entries()) {
    const [seconds, nanoseconds] = time === undefined ? [0n, UTIME_OMIT] : split(time);
    times.writeBigInt64LE(seconds, index * size);
    times.writeBigInt64LE(nanoseconds, index * size + field);
  }
  return times;
}

/** Nanoseconds are counted forward from the second, also before the epoch. */
function split(time: bigint): [seconds: bigint, nanoseconds: bigint] {
  const nanoseconds = ((time % SECOND) + SECOND) % SECOND;
  return [(time - nanoseconds) / SECOND, nanoseconds];
}
