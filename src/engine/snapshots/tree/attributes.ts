import { chmodSync, constants, closeSync, lchownSync, openSync, lstatSync, type BigIntStats } from 'node:fs';
import type { Located } from '#lib/files/open-root.ts';
import { isOverlayAttribute } from '#lib/tar/overlay-attributes.ts';
import { setTimes } from '#linux/times.ts';
import { getXattr, listXattrs, setXattr } from '#linux/xattr.ts';
import { ffiPath } from './ffi-path.ts';
import { O_PATH } from '#lib/files/o-path.ts';

/** What a tree keeps of a file beside its content. */
export interface Attributes {
  mode: number;
  uid: number;
  gid: number;
  xattrs: ReadonlyMap<string, Buffer>;
  mtimeNs?: bigint;
}

/** Sets owner, mode, extended attributes and time, in the order in which the kernel lets all of them stand. Links have no mode. */
export function setAttributes(place: Located, attributes: Attributes, { isLink = false } = {}): void {
  lchownSync(place.path, attributes.uid, attributes.gid);
  if (!isLink) setMode(place, attributes.mode);
  setXattrs(place, attributes.xattrs);
  if (attributes.mtimeNs !== undefined) setMtime(place, attributes.mtimeNs);
}

/** What new entries of a folder would take over, if it were set before they are made. */
const DEFAULT_ACL = 'system.posix_acl_default';

/** What a folder gets once nothing more is put into it. */
export interface LateAttributes {
  mtimeNs?: bigint | undefined;
  defaultAcl?: Buffer | undefined;
}

/** Takes apart what a folder can have at once and what has to wait. */
export function splitAttributes({ mtimeNs, ...attributes }: Attributes): { now: Attributes; late: LateAttributes } {
  const { mode, uid, gid } = attributes;
  const defaultAcl = attributes.xattrs.get(DEFAULT_ACL);
  const xattrs = new Map(attributes.xattrs);
  xattrs.delete(DEFAULT_ACL);
  return { now: { mode, uid, gid, xattrs }, late: { mtimeNs, defaultAcl } };
}

export function setLateAttributes(place: Located, { mtimeNs, defaultAcl }: LateAttributes): void {
  if (defaultAcl !== undefined) setAttribute(place, DEFAULT_ACL, defaultAcl);
  if (mtimeNs !== undefined) setMtime(place, mtimeNs);
}

/** Of a folder that nothing says anything about. */
export const PLAIN_FOLDER: Attributes = { mode: 0o755, uid: 0, gid: 0, xattrs: new Map(), mtimeNs: 0n };

/** After the owner: a change of that takes capabilities away. */
export function setXattrs(place: Located, xattrs: Attributes['xattrs']): void {
  for (const [name, value] of xattrs) setAttribute(place, name, value);
}

export function setMtime(place: Located, mtimeNs: bigint): void {
  setTimes(ffiPath(place), { atimeNs: mtimeNs, mtimeNs });
}

/** Through a descriptor of the file itself: the mode of what a symbolic link points at is never changed. */
function setMode(place: Located, mode: number): void {
  const fd = openSync(place.path, O_PATH | constants.O_NOFOLLOW);
  try {
    chmodSync(`/proc/self/fd/${fd}`, mode);
  } finally {
    closeSync(fd);
  }
}

/** Attributes that a file system does not take are left out, as Docker does, but for capabilities: a program without them is another one. */
function setAttribute(place: Located, name: string, value: Buffer): void {
  try {
    setXattr(ffiPath(place), name, value);
  } catch (error) {
    if (name === 'security.capability') throw error;
  }
}

/** Extended attributes of a place, without those of overlayfs. */
export function readXattrs(place: Located): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const path = ffiPath(place);
  for (const name of listXattrs(path)) {
    const value = isOverlayAttribute(name) ? undefined : getXattr(path, name);
    if (value !== undefined) found.set(name, value);
  }
  return found;
}

export function attributesOf(place: Located, stats: BigIntStats = lstatSync(place.path, { bigint: true })): Attributes {
  return {
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    xattrs: readXattrs(place),
    mtimeNs: stats.mtimeNs,
  };
}
