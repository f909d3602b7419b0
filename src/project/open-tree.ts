import type { Stats } from 'node:fs';
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { FileTree, TreeFile } from '#ml/files.ts';

export interface DiskFile extends TreeFile {
  /** Milliseconds since epoch. */
  readonly modifiedMs: number;
}

export interface DiskTree extends FileTree {
  readonly files: readonly DiskFile[];
}

const MAX_FILES = 20_000;
const MAX_DEPTH = 24;
/** Larger files are no source. */
const MAX_TEXT_BYTES = 1024 * 1024;
const SKIPPED = new Set(['.git', '.hg', '.svn', '.venv', 'venv', 'node_modules', '__pycache__', '.mypy_cache', '.pytest_cache', '.ruff_cache', '.tox', '.ipynb_checkpoints']); // prettier-ignore

/**
 * A folder on disk as `ml` reads it. Links that lead out of it are left out, and so are version control and virtual environments.
 * @throws {NotFoundError} if there is no such folder; {InvalidArgumentError} if it is none
 */
export async function openTree(directory: string): Promise<DiskTree> {
  const root = await rootOf(directory);
  const found: { files: DiskFile[]; complete: boolean } = { files: [], complete: true };
  await list({ root, folder: '', depth: 0 }, found);
  const names = new Set(found.files.map(({ path }) => path));
  return {
    ...found,
    read: async (path) => (names.has(path) ? readText(root, path) : undefined),
    bytes: async (path, start, length) => (names.has(path) ? readPart(root, path, { start, length }) : undefined),
  };
}

async function rootOf(directory: string): Promise<string> {
  const facts = await stat(directory).catch(() => undefined);
  if (facts === undefined)
    throw new NotFoundError(`there is no folder ${directory}`, {
      why: 'nothing of that name is there',
      hint: 'name the folder of a project: berth serve DIR',
    });
  if (!facts.isDirectory())
    throw new InvalidArgumentError(`${directory} is not a folder`, {
      why: 'a project is a folder with Python files',
      hint: 'name the folder that it lies in',
    });
  return realpath(directory);
}

async function list(
  { root, folder, depth }: { root: string; folder: string; depth: number },
  found: { files: DiskFile[]; complete: boolean },
): Promise<void> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  if (depth > 0 && entries.some(({ name }) => name === 'pyvenv.cfg')) return;
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (found.files.length >= MAX_FILES) {
      found.complete = false;
      return;
    }
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) {
      if (depth < MAX_DEPTH) await list({ root, folder: path, depth: depth + 1 }, found);
      else found.complete = false;
    } else if (entry.isFile() || entry.isSymbolicLink()) {
      const facts = await factsInside(root, path);
      if (facts?.isFile() === true) found.files.push({ path, bytes: facts.size, modifiedMs: facts.mtimeMs });
    }
  }
}

/** What a path leads to, if that lies in the tree. */
async function factsInside(root: string, path: string): Promise<Stats | undefined> {
  try {
    const target = await realpath(join(root, path));
    return target.startsWith(root + sep) ? await stat(target) : undefined;
  } catch {
    return undefined;
  }
}

async function readText(root: string, path: string): Promise<string | undefined> {
  const facts = await factsInside(root, path);
  if (facts?.isFile() !== true || facts.size > MAX_TEXT_BYTES) return undefined;
  const bytes = await readFile(join(root, path)).catch(() => undefined);
  return bytes === undefined ? undefined : decode(bytes);
}

async function readPart(
  root: string,
  path: string,
  { start, length }: { start: number; length: number },
): Promise<Uint8Array | undefined> {
  const facts = await factsInside(root, path);
  if (facts?.isFile() !== true) return undefined;
  await using file = await open(join(root, path)).catch(() => undefined);
  if (file === undefined) return undefined;
  const buffer = new Uint8Array(Math.max(0, Math.min(length, facts.size - start)));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
  return buffer.subarray(0, bytesRead);
}

/** UTF-8, or UTF-16 as some editors and shells write it; without its mark. */
function decode(bytes: Buffer): string {
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isBig = bytes[0] === 0xfe && bytes[1] === 0xff;
  return new TextDecoder(isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8').decode(bytes);
}
