import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The files of a log, oldest first: `log.2`, `log.1`, `log`. */
export async function logFiles(path: string): Promise<string[]> {
  const name = basename(path);
  const names = await readdir(dirname(path)).catch((): string[] => []);
  const rotated = names
    .map((entry) => (entry.startsWith(`${name}.`) ? Number(entry.slice(name.length + 1)) : Number.NaN))
    .filter(Number.isInteger)
    .toSorted((a, b) => b - a)
    .map((number) => join(dirname(path), `${name}.${number}`));
  return names.includes(name) ? [...rotated, path] : rotated;
}

/** A file of a log and the inode it had, by which it is known again after it was renamed. */
export interface LogFile {
  path: string;
  inode: number;
}

/**
 * The files of a log as they were at one moment, oldest first. Names move while a log is rotated, so it is looked at until two looks
 * agree: otherwise one file could be missed, or met under two names.
 */
export async function logFilesAtOnce(path: string): Promise<LogFile[]> {
  let before = await look(path);
  for (;;) {
    const now = await look(path);
    const same = now.length === before.length && now.every((file, index) => file.inode === before[index]?.inode);
    if (same && now.every(({ inode }) => inode !== GONE)) return now;
    before = now;
  }
}

const GONE = -1;

async function look(path: string): Promise<LogFile[]> {
  const files = await logFiles(path);
  return Promise.all(files.map(async (file) => ({ path: file, inode: await inodeOf(file) })));
}

async function inodeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.ino ?? GONE;
}

/** Opens a file of the log at `path` under the name it has now; undefined if it is gone. */
export async function openLogFile(path: string, { inode }: LogFile): Promise<FileHandle | undefined> {
  for (;;) {
    const found = (await logFilesAtOnce(path)).find((file) => file.inode === inode);
    if (found === undefined) return undefined;
    const file = await open(found.path, 'r').catch(() => undefined);
    if (file === undefined) continue;
    if ((await file.stat()).ino === inode) return file;
    await file.close();
  }
}

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 10;

/**
 * Where the last `lines` whole lines begin: how many files to leave out, and the byte to begin with in the first that is left.
 * A line in pieces counts once.
 */
export async function findTail(files: readonly string[], lines: number): Promise<{ skip: number; offset: number }> {
  let missing = lines;
  for (let index = files.length - 1; index >= 0; index--) {
    const { offset, found } = await tailOf(files[index] ?? '', missing);
    if (offset !== undefined) return { skip: index, offset };
    missing -= found;
  }
  return { skip: 0, offset: 0 };
}

/** Reads a file backwards. `offset` is undefined if it holds fewer lines, of which there are `found`. */
async function tailOf(path: string, lines: number): Promise<{ offset: number | undefined; found: number }> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  let found = 0;
  let carried = Buffer.alloc(0);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const block = Buffer.alloc(end - start);
    await file.read(block, 0, block.length, start);
    const all = Buffer.concat([block, carried]);
    // The first record of the block may begin before it: it is looked at with the next block.
    let cut = start === 0 ? 0 : all.indexOf(NEWLINE) + 1;
    if (start > 0 && cut === 0) cut = all.length;
    const starts = recordStarts(all, cut);
    const [newest] = starts.slice(-1);
    if (end === size && newest !== undefined && !isWhole(all, newest)) found++; // a last line without its end
    for (const at of starts.filter((record) => isWhole(all, record)).toReversed()) {
      if (found >= lines) return { offset: start + endOf(all, at), found };
      found++;
    }
    carried = all.subarray(0, cut);
    end = start;
  }
  return { offset: undefined, found };
}

function recordStarts(all: Buffer, from: number): number[] {
  const starts: number[] = [];
  for (let at = from; at < all.length;) {
    const end = all.indexOf(NEWLINE, at);
    if (end < 0) break;
    starts.push(at);
    at = end + 1;
  }
  return starts;
}

function endOf(all: Buffer, at: number): number {
  return all.indexOf(NEWLINE, at) + 1;
}

const SPACE = 32;
const FULL = 70; // F

function isWhole(all: Buffer, at: number): boolean {
  const time = all.indexOf(SPACE, at);
  const stream = all.indexOf(SPACE, time + 1);
  return all[stream + 1] === FULL;
}
