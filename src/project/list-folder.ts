import { type Dirent, lstatSync, opendirSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { sep } from 'node:path';
import type { TreeFile } from '#ml/files.ts';

/** A file of a folder; times are milliseconds since epoch. */
export interface ListedFile extends TreeFile {
  readonly modifiedMs: number;
  readonly changedMs: number;
  readonly inode: number;
  readonly isLink: boolean;
}

export interface Listing {
  files: ListedFile[];
  /** False if the folder held more than was looked at. */
  complete: boolean;
  /** Folders of very many files that are no code: only the first of them are in `files`. */
  passedOver: { folder: string; files: number }[];
}

const MAX_FILES = 60_000;
const MAX_FOLDERS = 20_000;
const MAX_DEPTH = 24;
/** More files than this in one folder without code are data. */
const MANY = 1000;
/** So many of them are looked at. */
const SAMPLE = 200;
/** A folder of this size (in its own bytes) has too many names to list them all. */
const HUGE_FOLDER_BYTES = 4 * 1024 * 1024;
const MAX_NAMES = 50_000;
const SKIPPED = new Set(['.git', '.hg', '.svn', '.venv', 'venv', 'node_modules', '__pycache__', '.mypy_cache', '.pytest_cache', '.ruff_cache', '.tox', '.nox', '.eggs', '.ipynb_checkpoints', '.idea', '.terraform', '.dvc', '.cache', 'site-packages']); // prettier-ignore
const CODE = /\.(?:py|ipynb|toml|cfg|ya?ml|in)$|^(?:Dockerfile|Procfile|Pipfile|README)/;

/** Names, sizes and times of the files below a folder, those near the top first. Folders behind links are not entered, so there are no loops. */
export function listFolder(root: string): Listing {
  const listing: Listing = { files: [], complete: true, passedOver: [] };
  let level = [''];
  let folders = 0;
  for (let depth = 0; level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (depth > MAX_DEPTH || ++folders > MAX_FOLDERS || listing.files.length >= MAX_FILES) {
        listing.complete = false;
        return listing;
      }
      next.push(...listOne(root, folder, listing));
    }
    level = next;
  }
  return listing;
}

/** Adds the files of one folder; gives back the folders in it. */
function listOne(root: string, folder: string, listing: Listing): string[] {
  const entries = entriesOf(at(root, folder), listing);
  if (folder !== '' && entries.some(({ name }) => name === 'pyvenv.cfg')) return [];
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const folders = entries.filter((entry) => entry.isDirectory() && !SKIPPED.has(entry.name)).map(({ name }) => at(folder, name));
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink());
  const isData = files.length > MANY && folder !== '' && !files.some(({ name }) => CODE.test(name));
  const looked = isData ? files.slice(0, SAMPLE) : files;
  if (isData) listing.passedOver.push({ folder, files: files.length });
  for (const entry of looked) {
    if (listing.files.length >= MAX_FILES) {
      listing.complete = false;
      break;
    }
    const file = fileOf(root, at(folder, entry.name), entry.isSymbolicLink());
    if (file !== undefined) listing.files.push(file);
  }
  return folders;
} // prettier-ignore

/** Names that were listed are put together as they are: ten thousand need no more. */
function at(folder: string, name: string): string {
  return folder === '' || name === '' ? folder + name : `${folder}/${name}`;
}

function entriesOf(path: string, listing: Listing): Dirent[] {
  try {
    if (statSync(path).size < HUGE_FOLDER_BYTES) return readdirSync(path, { withFileTypes: true });
    listing.complete = false;
    return someEntries(path);
  } catch {
    return [];
  }
}

/** The first names of a folder that has very many. */
function someEntries(path: string): Dirent[] {
  using directory = opendirSync(path, { bufferSize: 1024 });
  const entries: Dirent[] = [];
  for (let entry = directory.readSync(); entry !== null && entries.length < MAX_NAMES; entry = directory.readSync())
    entries.push(entry);
  return entries;
}

function fileOf(root: string, path: string, isLink: boolean): ListedFile | undefined {
  const facts = isLink ? linkTarget(root, path)?.facts : lstatSync(at(root, path), { throwIfNoEntry: false });
  if (facts?.isFile() !== true) return undefined;
  const { size, mtimeMs, ctimeMs, ino } = facts;
  return { path, bytes: size, modifiedMs: mtimeMs, changedMs: ctimeMs, inode: ino, isLink };
}

/** The file that a link leads to, if that lies in the tree. */
export function linkTarget(root: string, path: string): { path: string; facts: Stats } | undefined {
  try {
    const target = realpathSync(at(root, path));
    return target.startsWith(root === sep ? sep : root + sep) ? { path: target, facts: statSync(target) } : undefined;
  } catch {
    return undefined;
  }
}
