/** One line of an access list (acl(5)), as extended attributes hold it. */
export interface AclEntry {
  tag: number;
  permissions: number;
  /** Of named users and groups. */
  id: number;
}

const VERSION = 2;
const USER_OBJECT = 0x01;
const USER = 0x02;
const GROUP_OBJECT = 0x04;
const GROUP = 0x08;
const MASK = 0x10;
const OTHER = 0x20;
const NO_ID = 0xffffffff;

/** The lines of an access list; undefined if Linux would refuse it (posix_acl_from_xattr, posix_acl_valid). */
export function readAcl(value: Buffer): AclEntry[] | undefined {
  if (value.length < 4 || value.readUInt32LE(0) !== VERSION || (value.length - 4) % 8 !== 0) return undefined;
  const entries: AclEntry[] = [];
  for (let at = 4; at < value.length; at += 8) {
    const tag = value.readUInt16LE(at);
    const isNamed = tag === USER || tag === GROUP;
    entries.push({ tag, permissions: value.readUInt16LE(at + 2), id: isNamed ? value.readUInt32LE(at + 4) : NO_ID });
  }
  return entries.length === 0 || isValid(entries) ? entries : undefined;
}

export function writeAcl(entries: readonly AclEntry[]): Buffer {
  const value = Buffer.alloc(4 + 8 * entries.length);
  value.writeUInt32LE(VERSION, 0);
  for (const [index, { tag, permissions, id }] of entries.entries()) {
    value.writeUInt16LE(tag, 4 + 8 * index);
    value.writeUInt16LE(permissions, 6 + 8 * index);
    value.writeUInt32LE(id, 8 + 8 * index);
  }
  return value;
}

/** The mode of a file with this access list: the mask, where there is one, stands in the place of the group's bits. */
export function aclMode(entries: readonly AclEntry[], mode: number): number {
  const of = (tag: number): number | undefined => entries.find((entry) => entry.tag === tag)?.permissions;
  const group = of(MASK) ?? of(GROUP_OBJECT) ?? 0;
  return (mode & ~0o777) | ((of(USER_OBJECT) ?? 0) << 6) | (group << 3) | (of(OTHER) ?? 0);
}

/** The list of a file that gets this mode: the reverse of `aclMode`. */
export function aclWithMode(entries: readonly AclEntry[], mode: number): AclEntry[] {
  const group = entries.some(({ tag }) => tag === MASK) ? MASK : GROUP_OBJECT;
  const shifts = new Map([
    [USER_OBJECT, 6],
    [group, 3],
    [OTHER, 0],
  ]);
  return entries.map((entry) => {
    const shift = shifts.get(entry.tag);
    return shift === undefined ? entry : { ...entry, permissions: (mode >> shift) & 7 };
  });
}

/** One line of each kind, named ones as many as there are, in this order; a mask if there are named ones. */
function isValid(entries: readonly AclEntry[]): boolean {
  const tags = entries.map(({ tag }) => tag);
  const isOrdered = tags.every((tag, index) => {
    const before = tags[index - 1] ?? 0;
    return tag > before || (tag === before && (tag === USER || tag === GROUP));
  });
  const isNamed = tags.includes(USER) || tags.includes(GROUP);
  return (
    isOrdered &&
    [USER_OBJECT, GROUP_OBJECT, OTHER].every((tag) => tags.includes(tag)) &&
    tags.every((tag) => [USER_OBJECT, USER, GROUP_OBJECT, GROUP, MASK, OTHER].includes(tag)) &&
    (!isNamed || tags.includes(MASK)) &&
    entries.every(({ tag, permissions, id }) => permissions <= 7 && (id !== NO_ID || (tag !== USER && tag !== GROUP)))
  );
}
