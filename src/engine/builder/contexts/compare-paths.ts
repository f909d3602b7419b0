import { nameBytes } from '#lib/files/name.ts';

const SLASH = 0x2f;
/** Below it, the order of UTF-16 is that of bytes. */
const FIRST_SURROGATE = 0xd800;

/** The order of a walk: by the bytes of the names, what is in a folder right behind it. */
export function comparePaths(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const a = one.charCodeAt(at);
    const b = other.charCodeAt(at);
    if (a === b) continue;
    if (a >= FIRST_SURROGATE || b >= FIRST_SURROGATE) return Buffer.compare(sortBytes(one), sortBytes(other));
    if (a === SLASH) return -1;
    return b === SLASH ? 1 : a - b;
  }
  return one.length - other.length;
}

function sortBytes(path: string): Buffer {
  return nameBytes(path.replaceAll('/', '\0'));
}

/** Whether a path lies below a folder. */
export function isBelow(path: string, folder: string): boolean {
  return path.length > folder.length && path.charCodeAt(folder.length) === SLASH && path.startsWith(folder);
}

/** How many of some entries, which are in order, are at a path or before it. */
export function indexAfter(entries: readonly { path: string }[], path: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePaths(entries[middle]?.path ?? '', path) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
