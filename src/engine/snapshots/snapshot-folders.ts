import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, isErrno } from '#lib/files/file-error.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import { removeTree } from '#lib/files/remove-tree.ts';
import { unmount } from '#linux/mount.ts';
import { mountsBelow } from '#linux/mounts-below.ts';
import { NO_FOLDER, type SnapshotRecords, type StoredSnapshot } from './records.ts';

export interface FreshFolder extends AsyncDisposable {
  path: string;
  /** Gives it its place, under a new name unless one is given. @returns the name there */
  keep(name?: string): Promise<string>;
}

/** The folders of snapshots. */
export interface SnapshotFolders {
  /** A folder in `.new`; gone when disposed unless it was kept. */
  create(): Promise<FreshFolder>;
  /** An empty folder beside a snapshot's own, which `make` gives its attributes when it is new; it goes with the snapshot. */
  rootFolder(directory: string, make: (root: Root) => void): string;
  /** The folder leaves its place at once; its space comes back in the background. */
  discard(directory: string): Promise<void>;
}

/**
 * Opens them below `root`, which is there, and mends what a former process left.
 * @param witness of now: what was written under another one and not known to be on the disk went with the power
 */
export async function openSnapshotFolders(
  root: string,
  records: SnapshotRecords,
  witness: string,
): Promise<SnapshotFolders> {
  const [fresh, trash, roots] = [join(root, '.new'), join(root, '.trash'), join(root, '.roots')];
  // What was being tried or built is mounted there, if the process was killed meanwhile.
  for (const mount of mountsBelow(fresh)) unmount(mount);
  await Promise.all([removeTree(fresh), removeTree(roots)]);
  await Promise.all([mkdir(fresh, { mode: 0o700 }), mkdir(trash, { recursive: true, mode: 0o700 })]);
  const discard = async (directory: string): Promise<void> => {
    rmSync(join(roots, directory), { recursive: true, force: true });
    if (directory.startsWith(NO_FOLDER)) return;
    const place = join(trash, randomBytes(6).toString('hex'));
    await rename(join(root, directory), place).catch((error: unknown) => {
      if (!isErrno(error, 'ENOENT')) throw fileError(error, directory);
    });
    void removeTree(place).catch(() => {}); // the next start empties the trash
  };
  await mend({ root, records, witness, discard });
  for (const name of await readdir(trash)) void removeTree(join(trash, name)).catch(() => {});
  return {
    discard,
    rootFolder(directory, make) {
      const path = join(roots, directory);
      if (existsSync(path)) return path;
      mkdirSync(path, { recursive: true, mode: 0o755 });
      using opened = openRoot(path);
      make(opened);
      return path;
    },
    async create() {
      const path = await mkdtemp(join(fresh, 's-'));
      return {
        path,
        async keep(name) {
          if (name === undefined) return await keep(root, path);
          await rename(path, join(root, name));
          return name;
        },
        [Symbol.asyncDispose]: () => removeTree(path),
      };
    },
  };
}

/** Short names, because overlayfs takes all of a stack in one page. */
async function keep(root: string, path: string): Promise<string> {
  for (let length = 2; ; length++) {
    const directory = randomBytes(length).toString('hex');
    try {
      await mkdir(join(root, directory), { mode: 0o700 });
    } catch (error) {
      if (isErrno(error, 'EEXIST')) continue;
      throw fileError(error, directory);
    }
    await rename(path, join(root, directory));
    return directory;
  }
}

/**
 * Records whose tree is gone with its folder go, and those whose tree may not be whole after a power cut, with all that build on them; folders that
 * no record names go.
 */
async function mend({
  root,
  records,
  witness: now,
  discard,
}: {
  root: string;
  records: SnapshotRecords;
  witness: string;
  discard: (directory: string) => Promise<void>;
}): Promise<void> {
  const present = new Set((await readdir(root)).filter((name) => !name.startsWith('.')));
  const isGone = ({ directory, form, witness = now }: StoredSnapshot): boolean =>
    form === 'directory' && (!present.has(directory) || witness !== now);
  const isBroken = (record: StoredSnapshot): boolean => records.chain(record.name).some(isGone);
  for (let broken = records.list().filter(isBroken); broken.length > 0; broken = records.list().filter(isBroken))
    for (const { name } of broken) if (!records.hasChildren(name)) records.remove(name);
  const named = new Set(records.list().map(({ directory }) => directory));
  for (const directory of present) if (!named.has(directory)) await discard(directory);
}
