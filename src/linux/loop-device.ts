import { closeSync, constants, openSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { ConflictError, UnavailableError } from '#lib/errors.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';
import { c, checked, lastErrno } from './ffi.ts';

const LOOP_CONFIGURE = 0x4c0a;
const LOOP_CTL_GET_FREE = 0x4c82;
const LO_FLAGS_READ_ONLY = 1;
const LO_FLAGS_AUTOCLEAR = 4;
const LO_FLAGS_DIRECT_IO = 16;
const NAME_BYTES = 64;
const BLOCK_BYTES = 512;
const TRIES = 32;

/** A loop device over a file, of 512-byte blocks, read-only. It goes by itself when nobody has it open or mounted any more. */
export interface LoopDevice extends Disposable {
  /** `/dev/loop7` */
  path: string;
  /** Whether reads go past the page cache of the file, so that its content is not kept twice. */
  isDirect: boolean;
}

/**
 * Puts a loop device over a file. Disposing lets go of it: what is mounted on it keeps it.
 * @throws {UnavailableError} where the kernel has no loop devices
 */
export function openLoopDevice(file: string): LoopDevice {
  const backing = openSync(file, constants.O_RDONLY);
  try {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const device = openFree();
      const isDirect = configure(device.fd, { backing, file });
      if (isDirect !== undefined) return { path: device.path, isDirect, [Symbol.dispose]: () => closeSync(device.fd) };
      closeSync(device.fd); // somebody else took it first
    }
  } finally {
    closeSync(backing);
  }
  throw new ConflictError(`no free loop device for ${file}`, { why: `${TRIES} in a row were taken by others` });
}

function openFree(): { fd: number; path: string } {
  let path = '/dev/loop-control';
  try {
    const control = openSync(path, 'r+');
    try {
      path = `/dev/loop${checked(c.ioctl(control, LOOP_CTL_GET_FREE), 'find a free loop device')}`;
    } finally {
      closeSync(control);
    }
    return { fd: openSync(path, constants.O_RDONLY), path };
  } catch (error) {
    throw new UnavailableError(`no loop device: ${path} cannot be used`, {
      hint: 'load the module loop, and give the engine /dev',
      cause: error,
    });
  }
}

/** @returns whether reads are direct; undefined if the device is taken */
function configure(fd: number, { backing, file }: { backing: number; file: string }): boolean | undefined {
  for (const isDirect of [true, false]) {
    const flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | (isDirect ? LO_FLAGS_DIRECT_IO : 0);
    if (c.ioctl(fd, LOOP_CONFIGURE, 'void *', loopConfig({ backing, flags, file })) === 0) return isDirect;
    const errno = lastErrno();
    if (errno === 'EBUSY') return undefined;
    // A disk of larger sectors takes no direct reads of 512 bytes.
    if (!isDirect || errno !== 'EINVAL') checked(-1, `put a loop device over ${file}`);
  }
  return undefined;
}

/** `struct loop_config` (linux/loop.h). */
function loopConfig({ backing, flags, file }: { backing: number; flags: number; file: string }): Buffer {
  const config = Buffer.alloc(304);
  config.writeUInt32LE(backing, 0);
  config.writeUInt32LE(BLOCK_BYTES, 4);
  config.writeUInt32LE(flags, 8 + 52);
  Buffer.from(file).copy(config, 8 + 56, 0, NAME_BYTES - 1);
  return config;
}

/** A loop device that is in use. */
export interface UsedLoopDevice {
  device: string;
  /** One that was removed keeps its name. */
  file: string;
  /** Whether it goes with its last user, as all that `openLoopDevice` makes. */
  goesByItself: boolean;
}

/** Loop devices whose file lies at or below a path. */
export function loopDevicesBelow(path: string): UsedLoopDevice[] {
  const top = unlessGone(() => realpathSync(path)) ?? path;
  return readdirSync('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .flatMap((name) => {
      const read = (entry: string): string | undefined =>
        unlessGone(() => readFileSync(`/sys/block/${name}/loop/${entry}`, 'utf8').trimEnd());
      const file = read('backing_file')?.replace(/ \(deleted\)$/, '');
      if (file === undefined || (file !== top && !file.startsWith(`${top}/`))) return [];
      return [{ device: `/dev/${name}`, file, goesByItself: read('autoclear') === '1' }];
    });
}
