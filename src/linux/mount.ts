import { close, openSync } from 'node:fs';
import { O_PATH } from '#lib/files/o-path.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';
import { c, checked, lastErrno } from './ffi.ts';
import { mountByParameters } from './fs-context.ts';

/** What mount(2) is told; `type` is `bind` for a bind mount. */
export interface Mount {
  type: string;
  source: string;
  /** Options as in fstab: flags (`ro`, `nosuid`, …) and data (`lowerdir=…`). */
  options: readonly string[];
}

const FLAGS: Readonly<Record<string, number>> = {
  ro: 1, nosuid: 2, nodev: 4, noexec: 8, sync: 16, remount: 32, noatime: 1024, nodiratime: 2048, bind: 4096, rbind: 4096 | 16384,
  unbindable: 1 << 17, private: 1 << 18, rprivate: (1 << 18) | 16384, slave: 1 << 19, rslave: (1 << 19) | 16384,
  shared: 1 << 20, rshared: (1 << 20) | 16384, relatime: 1 << 21, strictatime: 1 << 24,
}; // prettier-ignore
const MS_RDONLY = 1;
const MS_REMOUNT = 32;
const MS_BIND = 4096;
const MNT_DETACH = 2;
/** mount(2) takes one page of options, with their zero at the end. */
const DATA_LIMIT_BYTES = 4095;

/** Mounts at an existing directory (or file, for a bind). A read-only bind takes a second call, which this makes. */
export function mountAt(target: string, { type, source, options }: Mount): void {
  const names = options.filter((option) => Object.hasOwn(FLAGS, option));
  const data = options.filter((option) => !Object.hasOwn(FLAGS, option) && option !== 'rw').join(',');
  let flags = names.reduce((all, name) => all | (FLAGS[name] ?? 0), 0);
  const isBind = type === 'bind' || (flags & 4096) !== 0;
  if (isBind) flags |= 4096;
  const what = `mount ${source} at ${target}`;
  if (!isBind && type === 'overlay' && Buffer.byteLength(data) > DATA_LIMIT_BYTES) {
    mountByParameters(target, { type, parameters: overlayParameters(data), isReadOnly: (flags & MS_RDONLY) !== 0 });
    return;
  }
  if (!isBind) {
    checked(c.mount(source, target, type, flags, data), what);
    return;
  }
  checked(c.mount(source, target, '', flags & (4096 | 16384), ''), what);
  const attributes = flags & (1 | 2 | 4 | 8 | 1024 | 2048);
  if (attributes !== 0) checked(c.mount('', target, '', attributes | 4096 | 32, ''), what);
}

/** Layer by layer (Linux 6.7): a stack that no page of options holds. Paths in it have neither colons nor commas. */
function overlayParameters(data: string): (readonly [string, string?])[] {
  return data.split(',').flatMap((option): (readonly [string, string?])[] => {
    const [name, value] = splitOption(option);
    if (name !== 'lowerdir') return [value === undefined ? [name] : [name, value]];
    return (value ?? '').split(':').map((layer) => ['lowerdir+', layer] as const);
  });
}

function splitOption(option: string): [name: string, value?: string] {
  const at = option.indexOf('=');
  return at === -1 ? [option] : [option.slice(0, at), option.slice(at + 1)];
}

/** Makes what is mounted at exactly this place read-only. @throws {InvalidArgumentError} if nothing is mounted there itself */
export function remountReadOnly(target: string): void {
  checked(c.mount('', target, '', MS_RDONLY | MS_BIND | MS_REMOUNT, ''), `make ${target} read-only`);
}

/** Takes the topmost mount of a path away, lazily; nothing there is fine. @returns whether something was mounted */
export function unmount(target: string): boolean {
  if (c.umount2(target, MNT_DETACH) === 0) return true;
  const errno = lastErrno();
  if (errno === 'EINVAL' || errno === 'ENOENT') return false;
  checked(-1, `unmount ${target}`);
  return false;
}

/**
 * As `unmount`, but what the kernel kept of a large tree, which takes a while to go, goes beside the event loop. The path is free when this
 * returns its promise.
 */
export async function unmountLater(target: string): Promise<boolean> {
  const fd = unlessGone(() => openSync(target, O_PATH));
  if (fd === undefined) return false;
  try {
    return unmount(target);
  } finally {
    await new Promise((resolve) => close(fd, resolve));
  }
}
