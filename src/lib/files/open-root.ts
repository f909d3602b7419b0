import {
  chmodSync,
  closeSync,
  constants,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  type Stats,
  symlinkSync,
} from 'node:fs';
import { InvalidArgumentError } from '#lib/errors.ts';
import { fileError, isErrno } from './file-error.ts';
import { decodeName, encodeName, nameBytes } from './name.ts';
import { removeAt } from './remove-at.ts';
import { unlessGone } from './unless-gone.ts';
import { O_PATH } from './o-path.ts';

const OPEN_DIRECTORY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const LINK_HOPS = 40;
const DEPTH_LIMIT = 128;
/** Twice the depth, so that no descriptor of a walk, or of the walk before it, is closed while it is in use. */
const CACHED_DIRECTORIES = 2 * DEPTH_LIMIT + 2;

export interface RootOptions {
  /** What a symbolic link in the folders of a path does: lead on inside the root as in a chroot (default), or stop with an error. */
  links?: 'inside' | 'refuse';
  /** Others change the tree meanwhile (a running container): nothing is remembered between two calls. */
  live?: boolean;
}

export interface LocateOptions {
  /** Follow a symbolic link in the last name as well. */
  follow?: boolean;
  /** Called for each folder of the path that is missing; makes it at `path`. */
  makeParent?: (parent: Located) => void;
}

/** A place below a root. */
export interface Located {
  /** For system calls, through a descriptor of the folder: no later change of the folders above can redirect it. Good until the next call. */
  path: string | Buffer;
  /** Without symbolic links, relative to the root, `` for the root itself. */
  canonical: string;
}

/**
 * A folder in which paths from archives, images and requests are used: no `..` and no symbolic link leads out of it, whatever the tree holds.
 * All calls are synchronous. Paths are relative to the root, with or without a leading slash.
 */
export interface Root extends Disposable {
  readonly path: string;
  /** @throws {NotFoundError} if a folder of the path is missing; {InvalidArgumentError} if it leads outside or is no folder */
  locate(path: string, options?: LocateOptions): Located;
  /** The same as a clean path below the root with a leading slash. */
  resolveInRoot(path: string, options?: LocateOptions): string;
  /** Undefined if nothing is there. */
  lstat(path: string): Stats | undefined;
  /** As `lstat`, of what a symbolic link points at inside the root. */
  stat(path: string): Stats | undefined;
  /** Names, sorted. */
  readdir(path: string): string[];
  readlink(path: string): string;
  /** A descriptor; the last name is not followed. `flags` of `fs.constants`. */
  openFile(path: string, flags: number, mode?: number): number;
  mkdir(path: string, mode?: number): void;
  /** With all its missing parents. */
  mkdirs(path: string, mode?: number): void;
  symlink(target: string, path: string): void;
  link(existing: string, path: string): void;
  chown(path: string, uid: number, gid: number): void;
  /** Not of a symbolic link. */
  chmod(path: string, mode: number): void;
  rename(from: string, to: string): void;
  /** Removes a file or a whole folder; nothing there is fine. */
  remove(path: string): void;
}

/** Opens a folder for safe use. @throws {NotFoundError} */
export function openRoot(path: string, options: RootOptions = {}): Root {
  const directories = openDirectories(path);
  const locate = createLocate(directories, options);
  const at = (target: string, follow = false): string | Buffer => locate(target, { follow }).path;
  const statOf = (target: string, follow: boolean): Stats | undefined => {
    return attempt(target, () => unlessGone(() => lstatSync(at(target, follow))));
  };
  const mkdirs = (target: string, mode = 0o755): void => {
    const makeParent = (parent: Located): void => mkdirSync(parent.path, mode);
    locate(`${target}/.`, { makeParent });
  };
  return {
    path,
    locate,
    resolveInRoot: (target, how) => `/${locate(target, how).canonical}`,
    lstat: (target) => statOf(target, false),
    stat: (target) => statOf(target, true),
    readdir: (target) => attempt(target, () => namesAt(at(target, true))),
    readlink: (target) => attempt(target, () => decodeName(readlinkSync(at(target), { encoding: 'buffer' }))),
    openFile: (target, flags, mode = 0o644) =>
      attempt(target, () => openSync(at(target), flags | constants.O_NOFOLLOW, mode)),
    mkdir: (target, mode = 0o755) => attempt(target, () => mkdirSync(at(target), mode)),
    mkdirs: (target, mode) => attempt(target, () => mkdirs(target, mode)),
    symlink: (to, target) => attempt(target, () => symlinkSync(encodeName(to), at(target))),
    link: (existing, target) => attempt(target, () => linkLocated(locate, existing, target)),
    chown: (target, uid, gid) => attempt(target, () => lchownSync(at(target), uid, gid)),
    chmod: (target, mode) => attempt(target, () => chmodLocated(at(target), mode)),
    rename: (from, to) => attempt(from, () => renameLocated({ locate, directories }, from, to)),
    remove: (target) => {
      const located = locate(target);
      directories.forget(located.canonical);
      removeAt(located.path);
    },
    [Symbol.dispose]: () => directories.close(),
  };
}

type Locate = Root['locate'];

function attempt<T>(target: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileError(error, target);
  }
}

/** The canonical folders below a root, held open while they are in use. */
interface Directories {
  readonly rootFd: number;
  /** @throws errno errors of open */
  open(canonical: string, parentFd: number): number;
  forget(canonical: string): void;
  forgetAll(): void;
  close(): void;
}

function openDirectories(path: string): Directories {
  let rootFd: number;
  try {
    rootFd = openSync(path, O_PATH | constants.O_DIRECTORY);
  } catch (error) {
    throw fileError(error, path);
  }
  const cached = new Map<string, number>();
  const drop = (canonical: string): void => {
    const fd = cached.get(canonical);
    cached.delete(canonical);
    if (fd !== undefined) closeSync(fd);
  };
  const forgetAll = (): void => {
    for (const canonical of cached.keys()) drop(canonical);
  };
  return {
    rootFd,
    open(canonical, parentFd) {
      const known = cached.get(canonical);
      if (known !== undefined) {
        cached.delete(canonical);
        cached.set(canonical, known);
        return known;
      }
      const fd = openSync(childPath(parentFd, canonical.slice(canonical.lastIndexOf('/') + 1)), OPEN_DIRECTORY);
      cached.set(canonical, fd);
      if (cached.size > CACHED_DIRECTORIES) drop(cached.keys().next().value ?? '');
      return fd;
    },
    forget(canonical) {
      for (const known of cached.keys())
        if (canonical === '' || known === canonical || known.startsWith(`${canonical}/`)) drop(known);
    },
    forgetAll,
    close() {
      forgetAll();
      closeSync(rootFd);
    },
  };
}

interface Walk {
  /** Names still to go, the next one last. */
  pending: string[];
  /** Canonical names so far, with the descriptor of each. */
  names: string[];
  fds: number[];
  hops: number;
}

function createLocate(directories: Directories, { links = 'inside', live = false }: RootOptions): Locate {
  const followLink = (walk: Walk, target: string, path: string): void => {
    if (links === 'refuse') throw new InvalidArgumentError(`${path}: leads through a symbolic link`);
    walk.hops += 1;
    if (walk.hops > LINK_HOPS) throw new InvalidArgumentError(`${path}: too many symbolic links`);
    if (target.startsWith('/')) walk.names.length = walk.fds.length = 0;
    walk.pending.push(...target.split('/').toReversed());
  };
  const enter = (
    walk: Walk,
    part: string,
    context: { path: string; makeParent: LocateOptions['makeParent'] },
  ): void => {
    const fd = walk.fds.at(-1) ?? directories.rootFd;
    const canonical = [...walk.names, part].join('/');
    try {
      walk.fds.push(directories.open(canonical, fd));
      walk.names.push(part);
    } catch (error) {
      const path = childPath(fd, part);
      if (isErrno(error, 'ENOENT') && context.makeParent !== undefined) {
        context.makeParent({ path, canonical });
        walk.fds.push(directories.open(canonical, fd));
        walk.names.push(part);
        return;
      }
      if (!isErrno(error, 'ENOTDIR', 'ELOOP')) throw fileError(error, context.path);
      followLink(walk, linkAt(path, context.path), context.path);
    }
  };
  return (path, { follow = false, makeParent } = {}) => {
    if (live) directories.forgetAll();
    if (path.includes('\0')) throw new InvalidArgumentError(`${JSON.stringify(path)}: a path has no zero byte`);
    const walk: Walk = { pending: path.split('/').toReversed(), names: [], fds: [], hops: 0 };
    for (let part = walk.pending.pop(); part !== undefined; part = walk.pending.pop()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        walk.names.pop();
        walk.fds.pop();
        continue;
      }
      const isLast = walk.pending.length === 0 || walk.pending.every((rest) => rest === '');
      if (!isLast) {
        if (walk.names.length >= DEPTH_LIMIT) throw new InvalidArgumentError(`${path.slice(0, 80)}…: too deep`);
        enter(walk, part, { path, makeParent });
        continue;
      }
      const last = childPath(walk.fds.at(-1) ?? directories.rootFd, part);
      const target = follow ? linkTarget(last) : undefined;
      if (target === undefined) return { path: last, canonical: [...walk.names, part].join('/') };
      followLink(walk, target, path);
    }
    const fd = walk.fds.at(-1) ?? directories.rootFd;
    return { path: `/proc/self/fd/${fd}/.`, canonical: walk.names.join('/') };
  };
}

function childPath(fd: number, name: string): string | Buffer {
  return name.isWellFormed()
    ? `/proc/self/fd/${fd}/${name}`
    : Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), nameBytes(name)]);
}

function linkAt(place: string | Buffer, path: string): string {
  const target = linkTarget(place);
  if (target === undefined) throw new InvalidArgumentError(`${path}: not a directory`);
  return target;
}

function linkTarget(place: string | Buffer): string | undefined {
  try {
    return decodeName(readlinkSync(place, { encoding: 'buffer' }));
  } catch {
    return undefined;
  }
}

function namesAt(place: string | Buffer): string[] {
  return readdirSync(place, { encoding: 'buffer' })
    .map((name) => decodeName(name as unknown as Buffer))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

/** The folder of the first path is held while the second is walked. */
function linkLocated(locate: Locate, existing: string, target: string): void {
  const from = locate(existing);
  const folder = openSync(folderOf(from.path), O_PATH | constants.O_DIRECTORY);
  try {
    linkSync(childOf(folder, from.path), locate(target).path);
  } finally {
    closeSync(folder);
  }
}

function renameLocated(
  { locate, directories }: { locate: Locate; directories: Directories },
  from: string,
  to: string,
): void {
  const source = locate(from);
  const folder = openSync(folderOf(source.path), O_PATH | constants.O_DIRECTORY);
  try {
    const place = childOf(folder, source.path);
    const { canonical } = locate(to);
    directories.forget(source.canonical);
    directories.forget(canonical);
    renameSync(place, locate(to).path);
  } finally {
    closeSync(folder);
  }
}

function folderOf(place: string | Buffer): Buffer {
  const bytes = Buffer.from(place as string);
  return bytes.subarray(0, bytes.lastIndexOf(0x2f));
}

function childOf(fd: number, place: string | Buffer): Buffer {
  const bytes = Buffer.from(place as string);
  return Buffer.concat([Buffer.from(`/proc/self/fd/${fd}`), bytes.subarray(bytes.lastIndexOf(0x2f))]);
}

/** Through a descriptor of the thing itself, so that a symbolic link is an error and not followed. */
function chmodLocated(place: string | Buffer, mode: number): void {
  const fd = openSync(place, O_PATH | constants.O_NOFOLLOW);
  try {
    chmodSync(`/proc/self/fd/${fd}`, mode);
  } finally {
    closeSync(fd);
  }
}
