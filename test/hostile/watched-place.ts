import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtempDisposable, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for a store, and beside it one that nothing may change. */
export interface WatchedPlace extends AsyncDisposable {
  /** Where the store goes. */
  store: string;
  /** Must stay as it is. */
  outside: string;
  /** What changed outside of the store; empty if nothing did. */
  changes(): Promise<string[]>;
}

/** Makes a place with a few files outside, and remembers what they are. */
export async function openWatchedPlace(): Promise<WatchedPlace> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'hostile-'));
  const outside = join(folder.path, 'outside');
  const store = join(folder.path, 'fs');
  await mkdir(join(outside, 'inner'), { recursive: true });
  await mkdir(join(folder.path, 'fs-evil'));
  await mkdir(store);
  await writeFile(join(outside, 'secret'), 'secret of the host');
  await writeFile(join(outside, 'inner/other'), 'other');
  const before = await describe(folder.path, store);
  return {
    store,
    outside,
    async changes() {
      const now = await describe(folder.path, store);
      return [...now.filter((line) => !before.includes(line)), ...before.filter((line) => !now.includes(line))];
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** A line for each file below a folder, with all that a change would change; `left` is not looked at. */
async function describe(root: string, left: string): Promise<string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(root)).toSorted()) {
    const path = join(root, name);
    if (path === left) continue;
    const { mode, uid, gid, nlink, mtimeMs, ctimeMs, size } = await lstat(path);
    const kind = mode & 0o170000;
    const content = kind === 0o100000 ? createHash('sha256').update(await readFile(path)).digest('hex') : kind === 0o120000 ? await readlink(path) : ''; // prettier-ignore
    lines.push([path, mode.toString(8), uid, gid, nlink, mtimeMs, ctimeMs, size, content].join(' '));
    if (kind === 0o040000) lines.push(...(await describe(path, left)));
  }
  return lines;
}

/** Paths of files below a folder, with folders that are empty; without the database. */
export async function filesBelow(root: string, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(root, prefix), { withFileTypes: true })) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (path.startsWith('engine.db')) continue;
    if (entry.isDirectory()) found.push(`${path}/`, ...(await filesBelow(root, path)));
    else found.push(path);
  }
  return found.toSorted();
}
