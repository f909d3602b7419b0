import { extractTar } from '#engine/snapshots/tree/extract-tar.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import { openContent } from '../sources/file-content.ts';
import type { Source } from '../sources/source-tree.ts';
import { makeFolders } from './write-files.ts';

/** Unpacks an archive into a folder of a tree; links that lead out of the folder end inside the tree. */
export async function unpackArchive(
  { from, to }: { from: Root; to: Root },
  { source, folder }: { source: Source; folder: string },
  { owner, signal }: { owner: { uid: number; gid: number } | undefined; signal: AbortSignal },
): Promise<void> {
  makeFolders(to, folder, { owner });
  const canonical = to.resolveInRoot(`${folder}/.`);
  using target = openRoot(`${to.path}${canonical}`);
  const [entry] = source.entries;
  if (entry === undefined) return;
  await extractTar(target, openContent(from, entry.path), { signal, ...(owner !== undefined && { owner }) });
}
