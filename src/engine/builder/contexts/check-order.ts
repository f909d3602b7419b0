import { InvalidArgumentError } from '#lib/errors.ts';
import { nameBytes } from '#lib/files/name.ts';
import { comparePaths } from './compare-paths.ts';
import type { ContextEntry } from './context-entry.ts';

const NAME_BYTES = 255;
const PATH_BYTES = 4095;
const DEPTH = 120;
/** A character has at most so many bytes. */
const CHARACTER_BYTES = 4;
const UNCLEAN = /^\.{0,2}$|[/\0]/;

export interface OrderLimits {
  entriesLimit: number;
  /** Of all paths together, characters. */
  namesLimit: number;
}

/**
 * Watches that what a peer tells of is a tree in order, so that no path of it can lead elsewhere.
 * @returns what throws an InvalidArgumentError if an entry is not in its place
 */
export function createOrderCheck({ entriesLimit, namesLimit }: OrderLimits): (entry: ContextEntry) => void {
  /** The folders that the last entry is in, or is. */
  const open: string[] = [];
  let last = '';
  let count = 0;
  let names = 0;
  return ({ path, kind }) => {
    count += 1;
    names += path.length;
    if (count > entriesLimit || names > namesLimit)
      throw broken(
        `it has more than ${count - 1} files and folders with names that are read`,
        'exclude what the build does not need by .dockerignore',
      );
    while (open.length > 0 && !isIn(path, open.at(-1) ?? '')) open.pop();
    const parent = open.at(-1);
    checkName(path, parent === undefined ? path : path.slice(parent.length + 1));
    if (last !== '' && comparePaths(last, path) >= 0)
      throw broken(`${quote(path)} came after ${quote(last)}: entries are sent in order, each once`);
    last = path;
    if (kind !== 'directory') return;
    open.push(path);
    if (open.length > DEPTH) throw broken(`${quote(path)} is deeper than ${DEPTH} folders`);
  };
}

function isIn(path: string, folder: string): boolean {
  return path.charCodeAt(folder.length) === 0x2f && path.startsWith(folder);
}

/** @param name what is left of the path in the folder that was told of */
function checkName(path: string, name: string): void {
  if (UNCLEAN.test(name)) throw broken(`${quote(path)} is no name in a folder that was sent before`);
  if (isLonger(name, NAME_BYTES)) throw broken(`${quote(path)} has a name of more than ${NAME_BYTES} bytes`);
  if (isLonger(path, PATH_BYTES)) throw broken(`${quote(path)} is longer than ${PATH_BYTES} bytes`);
}

function isLonger(text: string, limitBytes: number): boolean {
  return text.length > limitBytes / CHARACTER_BYTES && nameBytes(text).length > limitBytes;
}

/** Of a path that may be anything. */
function quote(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
}

function broken(why: string, hint = 'build again; if it stays, the client is broken'): InvalidArgumentError {
  return new InvalidArgumentError('the client sent a context that is refused', { why, hint });
}
