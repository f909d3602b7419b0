/** What stands for a file when one of the same content is looked for: two words of 32 bits. Equal files may have unequal keys, never the other way round for sure: contents are compared. */
export interface FileKey {
  /** Of the last part of its path and its size, so that files in a folder that was moved are found too. */
  name: number;
  /** Of its whole path. */
  path: number;
}

/**
 * Files below that are written anew. Each reference costs a block, half of one at both ends. Of two versions of an image of 3.3 GB the second took
 * 551 MB with a limit of 16 KiB, 513 MB with this one, 501 MB with 4 KiB and three times the references.
 */
export const SMALLEST_SHARED_BYTES = 8 * 1024;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const SLASH = 0x2f;
const DOT = 0x2e;

/** The key of a file by its path in a layer, with or without `./` or `/` before it, and its size in bytes. */
export function fileKey(path: string, size: number): FileKey {
  const start = leadIn(path);
  let whole = FNV_OFFSET;
  let name = FNV_OFFSET;
  for (let index = start; index < path.length; index += 1) {
    const code = path.charCodeAt(index);
    whole = Math.imul(whole ^ code, FNV_PRIME);
    name = code === SLASH ? FNV_OFFSET : Math.imul(name ^ code, FNV_PRIME);
  }
  const high = Math.floor(size / 2 ** 32);
  return { name: mix(mix(name, size), high), path: mix(whole, 0) };
}

/** Length of the `./`s and slashes that a path begins with. */
function leadIn(path: string): number {
  let index = 0;
  for (;;) {
    const code = path.charCodeAt(index);
    if (code === SLASH) index += 1;
    else if (code === DOT && path.charCodeAt(index + 1) === SLASH) index += 2;
    else return index;
  }
}

/** The last step of MurmurHash3: every bit counts for every bit. */
function mix(a: number, b: number): number {
  let word = (a ^ Math.imul(b, 0xcc9e2d51)) | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
