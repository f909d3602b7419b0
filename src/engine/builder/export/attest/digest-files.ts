import { createHash } from 'node:crypto';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { BuilderContext } from '../../build-run.ts';
import type { Layer } from '../../layers.ts';
import { openContent } from '../../sources/file-content.ts';
import { openView } from '../../workspace.ts';

/** A file as in-toto names it. */
export interface FileSubject {
  name: string;
  digest: { sha256: string };
}

/** Digests of all regular files of a tree, by path. */
export async function digestFiles(context: BuilderContext, layer: Layer | undefined): Promise<FileSubject[]> {
  await using view = await openView(context, layer);
  using root = openRoot(view.path);
  return await Array.fromAsync(digestsBelow(root, ''));
}

async function* digestsBelow(root: Root, folder: string): AsyncGenerator<FileSubject> {
  for (const name of root.readdir(folder)) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const stats = root.lstat(path);
    if (stats?.isDirectory() === true) yield* digestsBelow(root, path);
    if (stats?.isFile() !== true) continue;
    const hash = createHash('sha256');
    for await (const chunk of openContent(root, path)) hash.update(chunk);
    yield { name: path, digest: { sha256: hash.digest('hex') } };
  }
}
