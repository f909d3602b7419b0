import type { FileTree } from '../../files.ts';

/** Lock files of large projects are longer than source ever is. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Text of a file that may be longer than source; undefined if there is none of that name or it is longer than any lock. */
export async function readLong(tree: FileTree, path: string): Promise<string | undefined> {
  const text = await tree.read(path);
  if (text !== undefined) return text;
  const file = tree.files.find((item) => item.path === path);
  if (file === undefined || file.bytes > MAX_BYTES) return undefined;
  const bytes = await tree.bytes(path, 0, file.bytes);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
