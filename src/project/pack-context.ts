import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError, PermissionDeniedError } from '#lib/errors.ts';
import type { TarHeader } from '#lib/tar/header.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';

export interface ContextOptions {
  /** Files to send instead of, or beside, those of the folder. */
  extra?: ReadonlyMap<string, string | Uint8Array>;
  filter?: ContextFilter | undefined;
}

/** What a .dockerignore says. */
export interface ContextFilter {
  excludes(path: string): boolean;
  /** Whether something below an excluded folder may be wanted after all. */
  mayHoldExceptions(folder: string): boolean;
}

interface Entry {
  path: string;
  facts: Stats;
  /** Root if undefined. */
  owner?: { uid: number; gid: number };
}

/** A folder as the tar archive that a build is sent: sorted, owned by root, modes and times kept; sockets and the like left out. */
export async function* packContext(
  root: string,
  { extra = new Map(), filter }: ContextOptions = {},
): AsyncGenerator<Uint8Array> {
  for (const [name, content] of extra) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    yield tarEntry(header({ name, kind: 'file', size: bytes.length, mode: 0o644 }));
    yield bytes;
    yield tarPadding(bytes.length);
  }
  for await (const entry of walk(root, '', filter)) if (!extra.has(entry.path)) yield* packEntry(root, entry);
  yield TAR_END;
}

async function* walk(root: string, folder: string, filter: ContextFilter | undefined): AsyncGenerator<Entry> {
  const names = (await readdir(join(root, folder)).catch((error: unknown) => refused(folder, error))).toSorted();
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const isOut = filter?.excludes(path) === true;
    const facts = await lstat(join(root, path)).catch(() => undefined);
    if (facts === undefined || (isOut && !(facts.isDirectory() && (filter?.mayHoldExceptions(path) ?? false))))
      continue;
    if (!isOut) yield { path, facts };
    if (facts.isDirectory()) yield* walk(root, path, filter);
  }
}

/** Some files of a folder as a tar archive, with the folders that they lie in, for an account to own; what is gone is left out. */
export async function* packPaths(
  root: string,
  paths: readonly string[],
  owner: { uid: number; gid: number },
): AsyncGenerator<Uint8Array> {
  const all = new Set(paths.flatMap((path) => [...foldersAbove(path), path]));
  for (const path of [...all].toSorted()) {
    const facts = await lstat(join(root, path)).catch(() => undefined);
    if (facts !== undefined) yield* packEntry(root, { path, facts, owner });
  }
  yield TAR_END;
}

/** One text as a tar archive. */
export async function* packText(name: string, text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  yield tarEntry(header({ name, kind: 'file', size: bytes.length, mode: 0o644 }));
  yield bytes;
  yield tarPadding(bytes.length);
  yield TAR_END;
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

async function* packEntry(root: string, { path, facts, owner }: Entry): AsyncGenerator<Uint8Array> {
  const common = { mode: facts.mode & 0o7777, mtimeNs: BigInt(Math.trunc(facts.mtimeMs)) * 1_000_000n, ...owner };
  if (facts.isDirectory()) yield tarEntry(header({ ...common, name: `${path}/`, kind: 'directory' }));
  else if (facts.isSymbolicLink())
    yield tarEntry(header({ ...common, name: path, kind: 'symlink', linkName: await readlink(join(root, path)) }));
  else if (facts.isFile()) yield* packFile(join(root, path), header({ ...common, name: path, kind: 'file' }));
}

async function* packFile(file: string, fields: TarHeader): AsyncGenerator<Uint8Array> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(file, flags).catch((error: unknown) => refused(fields.name, error));
  await using _ = handle;
  const { size } = await handle.stat();
  yield tarEntry({ ...fields, size });
  let sent = 0;
  if (size > 0)
    for await (const chunk of handle.createReadStream({ autoClose: false, end: size - 1, highWaterMark: 256 * 1024 })) {
      sent += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  if (sent !== size)
    throw new ConflictError(`${fields.name} changed while it was read`, {
      why: 'it became shorter',
      hint: 'build again when nothing writes to it',
    });
  yield tarPadding(size);
}

function header(fields: Partial<TarHeader> & Pick<TarHeader, 'name' | 'kind'>): TarHeader {
  return {
    linkName: '', mode: 0o755, uid: 0, gid: 0, userName: '', groupName: '', size: 0, mtimeNs: 0n, major: 0, minor: 0, xattrs: new Map(), ...fields,
  }; // prettier-ignore
}

function refused(path: string, error: unknown): never {
  const { code } = error as { code?: string };
  if (code !== 'EACCES' && code !== 'EPERM') throw error;
  throw new PermissionDeniedError(`${path || 'the folder'} may not be read`, {
    why: 'the build needs every file that .dockerignore does not leave out',
    hint: 'change its mode, or name it in .dockerignore',
    cause: error,
  });
}
