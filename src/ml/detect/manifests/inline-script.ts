import { BerthError } from '#lib/errors.ts';
import { type FileTree, folderOf } from '../../files.ts';
import { parseToml, type TomlTable, tomlLine } from '../../toml.ts';
import { type Draft, newDraft } from './contract.ts';
import { readList } from './requirement-list.ts';

const BLOCK = /^# \/\/\/ script[ \t]*\r?\n((?:#(?: .*)?\r?\n)*?)# \/\/\/[ \t]*\r?$/m;
/** Scripts of this kind stand alone: among more files nobody looks for them. */
const MAX_FILES = 50;

/** What a single script says of itself in a comment (inline script metadata, PEP 723); undefined if none in the folder does. */
export async function readInlineScript(tree: FileTree, folder: string): Promise<Draft | undefined> {
  const scripts = tree.files.filter(({ path }) => path.endsWith('.py') && folderOf(path) === folder).slice(0, MAX_FILES);
  for (const { path } of scripts) {
    const text = await tree.read(path);
    const table = text === undefined ? undefined : blockOf(text);
    if (table === undefined) continue;
    const draft = newDraft('requirements', path, 'pip');
    readList(draft, table['dependencies'], 'requirement');
    const python = table['requires-python'];
    if (typeof python === 'string') draft.requiresPython = { specifiers: python, file: path, line: tomlLine(table, 'requires-python') };
    return draft;
  }
  return undefined;
} // prettier-ignore

/** The block as TOML, with the lines that it has in the file. */
function blockOf(text: string): TomlTable | undefined {
  const match = BLOCK.exec(text.slice(0, 64 * 1024));
  if (match === null) return undefined;
  const before = '\n'.repeat(text.slice(0, match.index).split('\n').length);
  try {
    return parseToml(before + (match[1] ?? '').replace(/^# ?/gm, ''));
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}
