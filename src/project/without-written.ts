import type { FileTree } from '#ml/files.ts';

/** Files that `berth init` writes and that otherwise count as what people say of their project. */
const WRITTEN = ['Dockerfile', 'compose.yaml'];

/** A tree without what `berth init` wrote: that says nothing that was not known before, and the plan stays the same with it. */
export async function withoutWritten(tree: FileTree): Promise<FileTree> {
  const hidden = new Set<string>();
  for (const path of WRITTEN) if ((await tree.read(path))?.startsWith('# Written by berth ') === true) hidden.add(path);
  if (hidden.size === 0) return tree;
  return {
    ...tree,
    files: tree.files.filter(({ path }) => !hidden.has(path)),
    read: async (path) => (hidden.has(path) ? undefined : tree.read(path)),
  };
}
