import { closeSync, constants, fstatSync, readSync, type Stats } from 'node:fs';
import { openView } from '#engine/builder/workspace.ts';
import { InvalidArgumentError, NotFoundError, TooLargeError } from '#lib/errors.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { MessageOf, Partly } from '#lib/protobuf/message.ts';
import { matchesName } from '#dockerfile/ignore.ts';
import type { STAT } from './messages/common.ts';
import type { BuildResult } from './running-build.ts';

type Stat = Partly<MessageOf<typeof STAT>>;

/** One message holds it. */
const FILE_LIMIT_BYTES = 15 * 1024 * 1024;
/** Bits of Go's FileMode. */
const GO_MODE = {
  directory: 2 ** 31,
  symlink: 2 ** 27,
  fifo: 2 ** 25,
  socket: 2 ** 24,
  setuid: 2 ** 23,
  setgid: 2 ** 22,
};
const GO_STICKY = 2 ** 20;

/** Files that a client looks at, one by one. */
export interface Lookable {
  /** The tree is there while it is used. */
  look<T>(this: void, use: (root: Root) => T): Promise<T>;
  /** What a path of the client's is called in the tree. */
  nameOf(this: void, path: string): string;
}

/** Bytes of a file of a result. @throws {NotFoundError} {InvalidArgumentError} {TooLargeError} */
export async function readFile(
  { look, nameOf }: Lookable,
  ...[path, range]: [path: string, range: { offset: number; length: number } | undefined]
): Promise<Uint8Array> {
  return look((root) => {
    const fd = root.openFile(
      root.resolveInRoot(nameOf(path), { follow: true }),
      constants.O_RDONLY | constants.O_NONBLOCK,
    );
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) throw new InvalidArgumentError(`${path} is no file`);
      const offset = range?.offset ?? 0;
      const left = Math.max(0, stats.size - offset);
      const length = range === undefined || range.length === 0 ? left : Math.min(range.length, left);
      if (offset < 0 || length < 0) throw new InvalidArgumentError('the range is before the file');
      if (length > FILE_LIMIT_BYTES)
        throw new TooLargeError(`${path} is too large to be read at once`, { hint: 'read it in parts' });
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, { position: offset }));
    } finally {
      closeSync(fd);
    }
  });
}

/** What is in a folder of a result. @throws {NotFoundError} */
export async function readDir(
  { look }: Lookable,
  ...[path, pattern]: [path: string, pattern: string]
): Promise<Stat[]> {
  return look((root) => {
    const folder = root.resolveInRoot(path, { follow: true });
    const names = root.readdir(folder).filter((name) => pattern === '' || matchesName(pattern, name));
    return names.map((name) => statOf(root, { path: `${folder}/${name}`, name }));
  });
}

/** What something in a result is like; a link is followed. @throws {NotFoundError} */
export async function statFile({ look, nameOf }: Lookable, path: string): Promise<Stat> {
  return look((root) => {
    const real = root.resolveInRoot(nameOf(path), { follow: true });
    return statOf(root, { path: real, name: real.slice(real.lastIndexOf('/') + 1) });
  });
}

/** What a build left. */
export function lookableResult({ result }: BuildResult): Lookable {
  const { build, state } = result;
  return {
    async look(use) {
      await using view = await openView(build.context, state.layers.at(-1));
      using root = openRoot(view.path);
      return use(root);
    },
    nameOf: (path) => path,
  };
}

function statOf(root: Root, { path, name }: { path: string; name: string }): Stat {
  const stats = root.lstat(path);
  if (stats === undefined) throw new NotFoundError(`${path}: no such file or directory`);
  const isLink = stats.isSymbolicLink();
  return {
    path: name,
    mode: goMode(stats),
    uid: stats.uid,
    gid: stats.gid,
    size: stats.size,
    modTime: BigInt(Math.round(stats.mtimeMs)) * 1_000_000n,
    ...(isLink && { linkname: root.readlink(path) }),
  };
}

function goMode(stats: Stats): number {
  const { mode } = stats;
  let bits = mode & 0o777;
  if (stats.isDirectory()) bits += GO_MODE.directory;
  else if (stats.isSymbolicLink()) bits += GO_MODE.symlink;
  else if (stats.isFIFO()) bits += GO_MODE.fifo;
  else if (stats.isSocket()) bits += GO_MODE.socket;
  if ((mode & 0o4000) !== 0) bits += GO_MODE.setuid;
  if ((mode & 0o2000) !== 0) bits += GO_MODE.setgid;
  return (mode & 0o1000) === 0 ? bits : bits + GO_STICKY;
}
