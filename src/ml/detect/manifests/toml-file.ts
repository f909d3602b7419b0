import { BerthError } from '#lib/errors.ts';
import type { FileTree } from '../../files.ts';
import { parseToml, type TomlTable } from '../../toml.ts';
import { readLong } from './read-long.ts';

export interface TomlFile {
  /** Empty where it cannot be read. */
  table: TomlTable;
  trouble: { message: string; line: number } | undefined;
}

/** Reads a TOML file of a project; undefined if there is none. */
export async function readTomlFile(tree: FileTree, path: string): Promise<TomlFile | undefined> {
  const text = await readLong(tree, path);
  if (text === undefined) return undefined;
  try {
    return { table: parseToml(text), trouble: undefined };
  } catch (error) {
    const message = error instanceof BerthError ? `${error.message}: ${error.why ?? ''}` : 'it is no TOML';
    return { table: {}, trouble: { message, line: Number(/line (\d+)/.exec(message)?.[1] ?? 1) } };
  }
}
