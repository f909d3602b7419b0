import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError } from '#lib/errors.ts';
import { tarHeader } from '#lib/tar/header.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';

export interface PackPath {
  /** Name of the file or folder in the archive; `.` with `contentOnly`. */
  name: string;
  /** A folder's content without the folder. */
  contentOnly: boolean;
  /** Follow `path` itself when it is a symbolic link. */
  follow: boolean;
}

/** A file or folder of this host as a tar archive, with its owners, modes and times. */
export async function* packPath(path: string, { name, contentOnly, follow }: PackPath): AsyncGenerator<Uint8Array> {
  const facts = await (follow || path.endsWith('/') || contentOnly ? stat(path) : lstat(path));
  if (!contentOnly) yield* packEntry(path, { name, facts });
  if (facts.isDirectory()) yield* packFolder(path, contentOnly ? '' : `${name}/`);
  yield TAR_END;
}

async function* packFolder(path: string, prefix: string): AsyncGenerator<Uint8Array> {
  for (const child of (await readdir(path)).toSorted()) {
    const facts = await lstat(join(path, child));
    yield* packEntry(join(path, child), { name: prefix + child, facts });
    if (facts.isDirectory()) yield* packFolder(join(path, child), `${prefix}${child}/`);
  }
}

async function* packEntry(path: string, { name, facts }: { name: string; facts: Stats }): AsyncGenerator<Uint8Array> {
  const common = {
    mode: facts.mode & 0o7777,
    uid: facts.uid,
    gid: facts.gid,
    mtimeNs: BigInt(Math.trunc(facts.mtimeMs)) * 1_000_000n,
  };
  if (facts.isDirectory()) yield tarEntry(tarHeader({ ...common, name: `${name}/`, kind: 'directory' }));
  else if (facts.isSymbolicLink())
    yield tarEntry(tarHeader({ ...common, name, kind: 'symlink', linkName: await readlink(path) }));
  else if (facts.isFile()) {
    yield tarEntry(tarHeader({ ...common, name, kind: 'file', size: facts.size }));
    yield* content(path, facts.size);
    yield tarPadding(facts.size);
  }
}

async function* content(path: string, size: number): AsyncGenerator<Uint8Array> {
  if (size === 0) return;
  let sent = 0;
  for await (const chunk of createReadStream(path, { end: size - 1, highWaterMark: 256 * 1024 })) {
    sent += (chunk as Buffer).length;
    yield chunk as Buffer;
  }
  if (sent !== size) throw new ConflictError(`${path} changed while it was read`, { hint: 'copy it again' });
}
