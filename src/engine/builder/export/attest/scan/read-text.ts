import { closeSync, readSync } from 'node:fs';
import { InvalidArgumentError } from '#lib/errors.ts';
import { findRegular } from '#lib/files/open-regular.ts';
import type { Root } from '#lib/files/open-root.ts';

/** A database of packages of a large system has some ten million bytes. */
const LIMIT_BYTES = 256 * 1024 * 1024;

/** The bytes of a file, wherever links lead inside the tree; undefined if there is none, or it is larger than the limit. */
export function readBytes(root: Root, path: string, limitBytes = LIMIT_BYTES): Buffer | undefined {
  const file = unlessOdd(() => findRegular(root, path));
  if (file === undefined) return undefined;
  try {
    if (file.stats.size > limitBytes) return undefined;
    const bytes = Buffer.alloc(file.stats.size);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(file.fd, bytes, { offset: length, position: length });
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(file.fd);
  }
}

export function readText(root: Root, path: string, limitBytes?: number): string | undefined {
  return readBytes(root, path, limitBytes)?.toString('utf8');
}

/** Fields of a text like `Name: value`, up to the first empty line; of those that come twice the first counts. */
export function readFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') break;
    const [, name, value] = /^([A-Za-z0-9-]+):[ \t]*(.*?)\r?$/.exec(line) ?? [];
    if (name !== undefined && !fields.has(name)) fields.set(name, value ?? '');
  }
  return fields;
}

/** What is at a path, wherever links lead inside the tree. */
export function kindAt(root: Root, path: string): 'folder' | 'file' | undefined {
  const stats = unlessOdd(() => root.stat(path));
  if (stats?.isDirectory() === true) return 'folder';
  return stats?.isFile() === true ? 'file' : undefined;
}

/** An image may have anything at the places that are looked at: links that lead nowhere, files where folders should be. */
export function unlessOdd<T>(look: () => T | undefined): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof InvalidArgumentError) return undefined;
    throw error;
  }
}
