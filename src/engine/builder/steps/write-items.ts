import { readSmallFile } from '#engine/containers/users.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { Workspace } from '../workspace.ts';
import { folderMode } from './chmod.ts';
import type { Item, LoadedItem } from './copy-items.ts';
import { unpackArchive } from './local-archive.ts';
import { type Takeover, takeOver } from './take-over.ts';
import { makeFolders, writeSource } from './write-files.ts';

export interface CopyTarget {
  /** Cleaned, with a leading slash. */
  path: string;
  /** Written so that it names a folder. */
  isFolder: boolean;
}

/** How COPY and ADD put things into a tree. */
export interface WriteItemsOptions {
  target: CopyTarget;
  chown: string | undefined;
  chmod: string | undefined;
  /** Each file keeps its own owner. */
  keepOwner: boolean;
  signal: AbortSignal;
  warn: (text: string) => void;
}

/** Puts what COPY or ADD names into a tree. */
export async function writeItems(
  workspace: Workspace,
  items: readonly Item[],
  options: WriteItemsOptions,
): Promise<void> {
  const takeovers = await writeAll(await workspace.open(), items, options);
  if (takeovers.size === 0) return;
  await workspace.close();
  await takeOver(workspace.upper, takeovers, options.signal);
}

/** @returns the files that are to be put in place once the tree is not mounted any more */
async function writeAll(
  rootfs: string,
  items: readonly Item[],
  { target, chown, chmod, keepOwner, signal, warn }: WriteItemsOptions,
): Promise<Map<string, Takeover>> {
  const takeovers = new Map<string, Takeover>();
  using to = openRoot(rootfs);
  const given = chown === undefined ? undefined : ownerOf(to, chown, warn);
  const owner = keepOwner ? undefined : (given ?? { uid: 0, gid: 0 });
  for (const item of items) {
    const loaded = await item.load();
    const { tree, source } = loaded;
    if (loaded.isArchive) {
      const folder = target.path.slice(1);
      await unpackArchive({ from: tree.root, to }, { source, folder }, { owner: given, signal });
      continue;
    }
    const path = placeOf(to, loaded, { target, owner, mode: folderMode(chmod) });
    await writeSource({ from: tree, to }, { source, path }, { owner, chmod, signal, takeovers });
  }
  return takeovers;
}

/** Where something comes: links of the tree lead on inside it. The folders above are there then. */
function placeOf(
  to: Root,
  { source }: LoadedItem,
  { target, ...made }: { target: CopyTarget; owner: { uid: number; gid: number } | undefined; mode: number },
): string {
  const folder = target.isFolder ? target.path : target.path.slice(0, target.path.lastIndexOf('/'));
  makeFolders(to, folder.slice(1), made);
  const path = to.resolveInRoot(target.path, { follow: true }).slice(1);
  if (source.isDirectory || to.lstat(path)?.isDirectory() !== true) return path;
  return path === '' ? source.name : `${path}/${source.name}`;
}

/** Tables of users and groups that are larger are no such tables. */
const TABLE_BYTES = 1024 * 1024;
const ID_LIMIT = 2 ** 31 - 1;

/**
 * `user`, `user:group` or `:group`, as numbers or as names that the tree knows. A name alone stands for its own group too, a number for the
 * group of that number. Names that nobody has are root's.
 */
export function ownerOf(to: Root, chown: string, warn: (text: string) => void): { uid: number; gid: number } {
  const [user = '', group] = chown.split(':', 2);
  const entry = isNumber(user) || user === '' ? undefined : findEntry(to, '/etc/passwd', user);
  const uid = user === '' ? 0 : numberOf(isNumber(user) ? user : entry?.[2]);
  if (uid === undefined) warn(`the image has no user ${user}: what is copied belongs to root`);
  if (group === undefined || group === '') {
    const gid = isNumber(user) ? uid : numberOf(entry?.[3]);
    return { uid: uid ?? 0, gid: gid ?? 0 };
  }
  const gid = numberOf(isNumber(group) ? group : findEntry(to, '/etc/group', group)?.[2]);
  if (gid === undefined) warn(`the image has no group ${group}: what is copied belongs to the group root`);
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

function findEntry(to: Root, path: string, name: string): string[] | undefined {
  const lines = readSmallFile(to, path, TABLE_BYTES).split('\n');
  return lines.map((line) => line.trim().split(':')).find(([first]) => first === name);
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !isNumber(text)) return undefined;
  const id = Number(text);
  if (id > ID_LIMIT)
    throw new InvalidArgumentError(`uids and gids must be in range 0-${ID_LIMIT}`, { hint: 'write a smaller number' });
  return id;
}
