import { baseOf, type FileTree } from '#ml/files.ts';

/** Files that `berth init` writes and that otherwise count as what people say of their project. */
const WRITTEN = new Set(['Dockerfile', 'compose.yaml']);
const MAX_FILES = 100;

/** A tree without what `berth init` wrote: that says nothing that was not known before, and the plan stays the same with it. */
export async function withoutWritten(tree: FileTree): Promise<FileTree> {
  const hidden = new Set<string>();
  const candidates = tree.files.filter(({ path }) => WRITTEN.has(baseOf(path))).slice(0, MAX_FILES);
  for (const { path } of candidates)
    if ((await tree.read(path))?.startsWith('# Written by berth ') === true) hidden.add(path);
  if (hidden.size === 0) return tree;
  return {
    ...tree,
    files: tree.files.filter(({ path }) => !hidden.has(path)),
    read: async (path) => (hidden.has(path) ? undefined : tree.read(path)),
  };
}
