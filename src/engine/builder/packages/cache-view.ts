import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, constants, lstatSync, openSync, renameSync } from 'node:fs';
import { mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isWhiteout } from '#engine/snapshots/tree/pack-tree.ts';
import { O_PATH } from '#lib/files/o-path.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import { removeTree } from '#lib/files/remove-tree.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import type { PickedFiles } from '#ml/packages/package-caches.ts';

/**
 * What one step sees of a cache that all steps share: the cache as it is, read only, with a folder over it that takes what the step changes.
 * So no step waits for another, none sees what another has half done, and what a step removes is gone for itself alone.
 */
export interface CacheView extends AsyncDisposable {
  /** Where it is mounted on this host. */
  readonly path: string;
  /** Gives the cache what the step has added, of the paths that match. What was changed takes the place of what was there. */
  keep(shared: RegExp, picked?: PickedFiles): Promise<void>;
}

export interface CachePlaces {
  /** The cache itself. */
  store: string;
  /** Folder on the same file system. */
  scratch: string;
  mountRoot: string;
}

const OPEN_DIRECTORY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Entries between two looks at what else waits. */
const BATCH = 500;

/** @throws what mount(2) says where file systems cannot be laid over each other */
export async function openCacheView({ store, scratch, mountRoot }: CachePlaces): Promise<CacheView> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(scratch, 'cache-'));
  resources.defer(() => removeTree(folder));
  const upper = join(folder, 'upper');
  await mkdir(upper);
  await mkdir(join(folder, 'work'));
  // Whoever runs in the step may write into it; only the step can reach it.
  chmodSync(upper, 0o777);
  const path = join(mountRoot, `build-${randomBytes(8).toString('hex')}`);
  await mkdir(path, { mode: 0o700 });
  resources.defer(() => rmdir(path));
  const [lower, own] = [openSync(store, OPEN_DIRECTORY), openSync(folder, OPEN_DIRECTORY)];
  try {
    const layers = [`lowerdir=/proc/self/fd/${lower}`, `upperdir=/proc/self/fd/${own}/upper`];
    const plain = ['index=off', 'redirect_dir=off', 'metacopy=off'];
    const options = [...layers, `workdir=/proc/self/fd/${own}/work`, ...plain, 'nosuid', 'nodev'];
    mountAt(path, { type: 'overlay', source: 'overlay', options });
  } finally {
    closeSync(lower);
    closeSync(own);
  }
  resources.defer(() => void unmount(path));
  const held = resources.move();
  return {
    path,
    async keep(shared, picked) {
      using from = openRoot(upper, { links: 'refuse' });
      using to = openRoot(store, { links: 'refuse' });
      await keepFolder({ from, to, shared, picked, count: 0 }, '');
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

interface Keeping {
  from: Root;
  to: Root;
  shared: RegExp;
  picked: PickedFiles | undefined;
  count: number;
}

async function keepFolder(keeping: Keeping, folder: string): Promise<void> {
  const { from, to, shared, picked } = keeping;
  for (const name of from.readdir(folder)) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const stats = lstatSync(from.locate(path).path);
    await breathe(keeping);
    if (!stats.isDirectory()) {
      if (shared.test(path) && isKept(stats)) keepFile(keeping, path);
      continue;
    }
    if (picked?.folder.test(path) === true) {
      await pickFiles(keeping, picked, path);
      continue;
    }
    const isThere = to.lstat(path)?.isDirectory() === true;
    if (!isThere && shared.test(path)) {
      await openForAll(keeping, path);
      move(keeping, path);
      continue;
    }
    if (!isThere) continue;
    await keepFolder(keeping, path);
  }
}

async function pickFiles(keeping: Keeping, picked: PickedFiles, folder: string): Promise<void> {
  const { from, to } = keeping;
  const names = from.readdir(folder);
  const isLeftOut = names.some((name) => picked.beside.test(name));
  for (const name of names) {
    const path = `${folder}/${name}`;
    const stats = lstatSync(from.locate(path).path);
    await breathe(keeping);
    if (stats.isDirectory()) await pickFiles(keeping, picked, path);
    if (isLeftOut || !stats.isFile() || !picked.files.test(name)) continue;
    makeFolders(to, folder);
    keepFile(keeping, path);
  }
}

/** Steps of other users put more into them. */
function makeFolders(to: Root, folder: string): void {
  for (let end = folder.indexOf('/'); ; end = folder.indexOf('/', end + 1)) {
    const path = end < 0 ? folder : folder.slice(0, end);
    if (to.lstat(path) === undefined) {
      to.mkdirs(path);
      to.chmod(path, 0o777);
    }
    if (end < 0) return;
  }
}

function isKept(stats: ReturnType<typeof lstatSync>): boolean {
  return stats !== undefined && (stats.isFile() || stats.isSymbolicLink());
}

function keepFile(keeping: Keeping, path: string): void {
  openFile(keeping.from, path);
  move(keeping, path);
}

/** Takes the place of what is there. */
function move({ from, to }: Keeping, path: string): void {
  if (to.lstat(path)?.isDirectory() === true) to.remove(path);
  renameSync(from.locate(path).path, to.locate(path).path);
}

/** Steps of other users read it as well, and put more beside it. Nothing but files, folders and links is in a cache. */
async function openForAll(keeping: Keeping, folder: string): Promise<void> {
  const { from } = keeping;
  from.chown(folder, 0, 0);
  from.chmod(folder, 0o777);
  for (const name of from.readdir(folder)) {
    const path = `${folder}/${name}`;
    const stats = lstatSync(from.locate(path).path);
    await breathe(keeping);
    if (stats.isDirectory()) await openForAll(keeping, path);
    else if (!isKept(stats) || isWhiteout(stats)) from.remove(path);
    else openFile(from, path);
  }
}

function openFile(root: Root, path: string): void {
  const stats = lstatSync(root.locate(path).path);
  if (stats.uid !== 0 || stats.gid !== 0) root.chown(path, 0, 0);
  if (stats.isSymbolicLink()) return;
  const mode = (stats.mode & 0o777) | 0o444;
  if (mode !== (stats.mode & 0o7777)) root.chmod(path, mode);
}

async function breathe(keeping: Keeping): Promise<void> {
  keeping.count += 1;
  if (keeping.count % BATCH === 0) await nextTurn();
}
