import { type FileTree, type TreeFile } from '../files.ts';
import type { PythonModule } from '../python/module.ts';
import { readModule } from '../python/read-module.ts';

/** What a notebook says. Its cells are read, never run. */
export interface NotebookFacts {
  path: string;
  /** The code of its cells as one file; lines are those of the joined code. */
  module: PythonModule;
  /** Requirements of `!pip install` lines. */
  installs: readonly string[];
  /** Two numbers, where the notebook says which Python it was made with. */
  python: string | undefined;
}

const MAX_NOTEBOOKS = 30;
const MAX_BYTES = 12 * 1024 * 1024;
const MAX_ALL_BYTES = 32 * 1024 * 1024;
const MAX_CODE = 512 * 1024;

/** Reads the notebooks of a tree, those near the top first. */
export async function readNotebooks(tree: FileTree, unknown: string[]): Promise<NotebookFacts[]> {
  const files = tree.files
    .filter(({ path }) => path.endsWith('.ipynb') && !path.includes('.ipynb_checkpoints/'))
    .toSorted((a, b) => a.path.split('/').length - b.path.split('/').length || (a.path < b.path ? -1 : 1));
  const found: NotebookFacts[] = [];
  let bytes = 0;
  let unread = 0;
  for (const file of files) {
    bytes += file.bytes;
    const isTooMuch = found.length >= MAX_NOTEBOOKS || file.bytes > MAX_BYTES || bytes > MAX_ALL_BYTES;
    const facts = isTooMuch ? undefined : await readNotebook(tree, file);
    if (facts === undefined) unread++;
    else found.push(facts);
  }
  if (unread > 0) unknown.push(`${unread} of ${files.length} notebooks were not read`);
  return found;
}

async function readNotebook(tree: FileTree, file: TreeFile): Promise<NotebookFacts | undefined> {
  const bytes = await tree.bytes(file.path, 0, MAX_BYTES);
  const page = bytes === undefined ? undefined : parsed(new TextDecoder().decode(bytes));
  if (page === undefined) return undefined;
  const cells = recordsIn(page['cells'] ?? recordsIn(page['worksheets'])[0]?.['cells']);
  const code = cells.filter((cell) => cell['cell_type'] === 'code').map((cell) => textOf(cell['source'] ?? cell['input'])); // prettier-ignore
  const metadata = recordOf(page['metadata']);
  const language = recordOf(metadata['language_info']);
  if (language['name'] !== undefined && language['name'] !== 'python') return undefined;
  const version = typeof language['version'] === 'string' ? /^(\d+\.\d+)/.exec(language['version'])?.[1] : undefined;
  const { source, installs } = withoutMagics(code.join('\n\n').slice(0, MAX_CODE));
  return { path: file.path, module: readModule(file.path, source), installs, python: version };
}

type Json = Readonly<Record<string, unknown>>;

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function recordsIn(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

function textOf(source: unknown): string {
  if (typeof source === 'string') return source;
  return Array.isArray(source) ? source.filter((line) => typeof line === 'string').join('') : '';
}

const INSTALL = /^\s*[!%]\s*(?:python3?\s+-m\s+)?(?:uv\s+)?pip3?\s+install\s+(.*)$/;

/** Python without what only notebooks understand; `!pip install` lines are kept apart. */
export function withoutMagics(code: string): { source: string; installs: string[] } {
  const installs: string[] = [];
  let isForeign = false;
  const lines = code.split('\n').map((line) => {
    if (/^%%(?:bash|sh|html|javascript|js|writefile|latex|svg|sql|R|perl|ruby|script)\b/.test(line)) isForeign = true;
    if (line.trim() === '') isForeign = false;
    const install = INSTALL.exec(line)?.[1];
    if (install !== undefined) installs.push(...requirementsOf(install));
    if (isForeign || /^\s*%%?\w/.test(line)) return '';
    return /^\s*(?:!|\?|%)/.test(line) || /^\s*[\w.]+\?{1,2}\s*$/.test(line)
      ? line.replace(/\S.*$/, 'pass')
      : line.replace(/^(\s*[\w, ]+=\s*)[!%].*$/, '$1None');
  });
  return { source: lines.join('\n'), installs };
}

const WITH_VALUE =
  /^(?:-r|-c|-f|-i|-t|--requirement|--constraint|--find-links|--index-url|--extra-index-url|--target)$/;

function requirementsOf(words: string): string[] {
  const list = words.replace(/\s[#&|;>].*$/, '').match(/"[^"]*"|'[^']*'|\S+/g) ?? []; // prettier-ignore
  const plain = list.map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
  return plain.filter((word, index) => !word.startsWith('-') && !WITH_VALUE.test(plain[index - 1] ?? '') && !word.includes('{') && !word.startsWith('$')); // prettier-ignore
}
