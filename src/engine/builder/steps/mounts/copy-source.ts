import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openRoot } from '#lib/files/open-root.ts';
import type { BuildRun } from '../../build-run.ts';
import type { Source, SourceTree } from '../../sources/source-tree.ts';
import { writeSource } from '../write-files.ts';

interface Part {
  tree: SourceTree;
  source: Source;
}

/** A copy of a part of a source, as the key of a step has it. @returns where it is, until `resources` go */
export async function copySource(
  { files, signal }: Pick<BuildRun, 'files' | 'signal'>,
  ...[part, resources]: [Part, AsyncDisposableStack]
): Promise<string> {
  const scratch = await mkdtemp(join(files.scratch, 'copy-'));
  resources.defer(() => rm(scratch, { recursive: true, force: true }));
  // The folder of the copy is made with the attributes of the one that is copied.
  using to = openRoot(scratch);
  const options = { owner: undefined, chmod: undefined, signal };
  await writeSource({ from: part.tree, to }, { source: part.source, path: PLACE }, options);
  return join(scratch, PLACE);
}

const PLACE = 'content';

/** Writes a folder's content, or a file, into a folder. */
export async function writeInto(folder: string, { tree, source }: Part, signal: AbortSignal): Promise<void> {
  using to = openRoot(folder);
  const options = { owner: undefined, chmod: undefined, signal };
  await writeSource({ from: tree, to }, { source, path: source.isDirectory ? '' : source.name }, options);
}
