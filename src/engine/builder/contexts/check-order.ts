import { nameBytes } from '#lib/files/name.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { comparePaths } from './compare-paths.ts';
import type { ContextEntry } from './context-entry.ts';

const NAME_BYTES = 255;
const PATH_BYTES = 4095;
const DEPTH = 120;

/** Watches that what a peer tells of is a tree in order, so that no path of it can lead elsewhere. */
export interface OrderCheck {
  /** @throws {InvalidArgumentError} */
  next(entry: ContextEntry): void;
  /** Whether a file with content of its own was told of under this path. */
  isFile(path: string): boolean;
}

export function createOrderCheck({ entriesLimit }: { entriesLimit: number }): OrderCheck {
  /** The folders that the last entry is in, or is. */
  const open: string[] = [];
  const files = new Set<string>();
  let last = '';
  let count = 0;
  const next = ({ path, kind, target }: ContextEntry): void => {
    count += 1;
    if (count > entriesLimit)
      throw broken(`it has more than ${entriesLimit} entries`, 'exclude what the build does not need by .dockerignore');
    checkPath(path);
    if (last !== '' && comparePaths(last, path) >= 0)
      throw broken(`${quote(path)} came after ${quote(last)}: entries are sent in order, each once`);
    last = path;
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    while (open.length > 0 && open.at(-1) !== parent) open.pop();
    if (parent !== '' && open.length === 0) throw broken(`${quote(path)} is in no folder that was sent before`);
    if (kind === 'directory') open.push(path);
    if (kind === 'file' && target === '') files.add(path);
  };
  return { next, isFile: (path) => files.has(path) };
}

function checkPath(path: string): void {
  if (path.length > PATH_BYTES || nameBytes(path).length > PATH_BYTES)
    throw broken(`${quote(path)} is longer than ${PATH_BYTES} bytes`);
  const names = path.split('/');
  if (names.length > DEPTH) throw broken(`${quote(path)} is deeper than ${DEPTH} folders`);
  for (const name of names) {
    if (name === '' || name === '.' || name === '..' || name.includes('\0'))
      throw broken(`${quote(path)} is no clean path inside it`);
    if (name.length > NAME_BYTES / 4 && nameBytes(name).length > NAME_BYTES)
      throw broken(`${quote(path)} has a name of more than ${NAME_BYTES} bytes`);
  }
}

/** Of a path that may be anything. */
function quote(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
}

function broken(why: string, hint = 'build again; if it stays, the client is broken'): InvalidArgumentError {
  return new InvalidArgumentError('the client sent a context that is refused', { why, hint });
}
