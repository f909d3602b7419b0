import { mkdtemp, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import type { Source, SourceTree } from './source-tree.ts';
import { walkSource } from './walk-source.ts';

/** A file that is not in the context, as a source of its own. It goes with the build's scratch folder. */
export async function inlineSource(
  scratch: string,
  { name, text }: { name: string; text: string },
): Promise<{ tree: SourceTree; source: Source }> {
  const folder = await mkdtemp(join(scratch, 'inline-'));
  await writeFile(join(folder, 'content'), text, { mode: 0o644 });
  await utimes(join(folder, 'content'), 0, 0);
  return fileSource(folder, name);
}

/** The file `content` of a folder under the name it is copied by. */
export async function fileSource(folder: string, name: string): Promise<{ tree: SourceTree; source: Source }> {
  const plain = name.replaceAll('/', '_');
  if (plain !== 'content') await rename(join(folder, 'content'), join(folder, plain));
  const tree: SourceTree = {
    root: openRoot(folder),
    kind: 'context',
    digests: new Map(),
    taken: new Map(),
    mayTake: true,
    owner: { uid: 0, gid: 0 },
  };
  const entries = walkSource(tree, plain);
  if (entries.length === 0) throw new InternalError(`${name} was not written`);
  return { tree, source: { name: plain, path: plain, isDirectory: false, entries } };
}
