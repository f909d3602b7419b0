import { closeSync, constants, futimesSync, writeSync } from 'node:fs';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { TarHeader } from '#lib/tar/header.ts';
import { readTar, type TarEntry } from '#lib/tar/read-tar.ts';

export interface UnpackArchive {
  /** Folder that takes the archive's entries; nothing is written outside of it. */
  folder: string;
  /** Another name for the first component of all names. */
  rename?: { from: string; to: string } | undefined;
}

/**
 * Unpacks files, folders and symbolic links of an archive that an engine sent, as this user; devices are left out.
 * @returns their paths
 */
export async function unpackArchive(
  archive: AsyncIterable<Uint8Array>,
  { folder, rename }: UnpackArchive,
): Promise<Set<string>> {
  using root = openRoot(folder, { links: 'refuse' });
  const paths = new Set<string>();
  const folders: { path: string; mode: number }[] = [];
  for await (const entry of readTar(archive)) {
    const path = renamed(entry.header.name.replace(/\/+$/, ''), rename);
    if (path === '' || path === '.') continue;
    if (entry.header.kind === 'directory') folders.push({ path, mode: entry.header.mode });
    await place(root, path, { entry, rename });
    paths.add(path);
  }
  // A folder without the right to write could not have been filled.
  for (const { path, mode } of folders.toReversed()) root.chmod(path, mode & 0o777);
  return paths;
}

function renamed(name: string, rename: UnpackArchive['rename']): string {
  if (rename === undefined) return name;
  if (name === rename.from) return rename.to;
  return name.startsWith(`${rename.from}/`) ? `${rename.to}/${name.slice(rename.from.length + 1)}` : name;
}

async function place(
  root: Root,
  path: string,
  { entry: { header, content }, rename }: { entry: TarEntry; rename: UnpackArchive['rename'] },
): Promise<void> {
  if (header.kind === 'directory') {
    root.mkdirs(path);
    return;
  }
  if (!['file', 'symlink', 'link'].includes(header.kind)) return;
  if (root.lstat(path) !== undefined) root.remove(path);
  if (header.kind === 'symlink') root.symlink(header.linkName, path);
  else if (header.kind === 'link') root.link(renamed(header.linkName, rename), path);
  else await writeFile(root, path, { header, content });
}

async function writeFile(root: Root, path: string, { header, content }: TarEntry): Promise<void> {
  const fd = root.openFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    for await (const chunk of content) writeAll(fd, chunk);
    futimesSync(fd, timeOf(header), timeOf(header));
  } finally {
    closeSync(fd);
  }
  root.chmod(path, header.mode & 0o777);
}

function writeAll(fd: number, chunk: Uint8Array): void {
  for (let written = 0; written < chunk.length;) written += writeSync(fd, chunk, written);
}

function timeOf({ mtimeNs }: TarHeader): number {
  return Number(mtimeNs / 1_000_000n) / 1000;
}
