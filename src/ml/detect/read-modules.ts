import { baseOf, type FileTree, type TreeFile } from '../files.ts';
import { importLines } from '../python/import-lines.ts';
import type { PythonModule } from '../python/module.ts';
import { readModule } from '../python/read-module.ts';
import { importedFiles, isAside } from './reach.ts';
import { hintedFile, type StartHint } from './start-hint.ts';

/** Text that is read whole, in all: four megabytes take a second. */
const MAX_WHOLE_BYTES = 4 * 1024 * 1024;
/** The same for projects of very many files, whose import lines take time too. */
const MAX_WHOLE_BYTES_OF_MANY = 2 * 1024 * 1024;
const MANY_FILES = 3000;
/** Projects up to this size are read whole without looking where to begin. */
const SMALL_BYTES = 1024 * 1024;
/** Larger files are tables or generated: only their imports are read. */
const MAX_FILE_BYTES = 384 * 1024;
/** Files of which the import lines are read, and their bytes in all. */
const MAX_SCANNED = 50_000;
const MAX_SCANNED_BYTES = 192 * 1024 * 1024;

const ENTRY_NAMES =
  /^(?:app|main|server|api|wsgi|asgi|serve|streamlit_app|web|application|service|run|index|home|manage|predict|inference|handler|model|train|training|__main__|cli)\.py$/;

/** Reads the Python files of a tree within a budget: where programs likely begin and what they import first, the rest by import lines only. */
export async function readModules(
  tree: FileTree,
  hints: readonly StartHint[],
  unknown: string[],
): Promise<readonly PythonModule[]> {
  const ranked = tree.files.filter(({ path }) => path.endsWith('.py')).map((file) => ({ file, rank: rank(file.path) }));
  const files = ranked
    .toSorted((a, b) => a.rank - b.rank || (a.file.path < b.file.path ? -1 : 1))
    .map(({ file }) => file);
  const reader = createReader(tree);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= SMALL_BYTES && files.length <= 500)
    for (const file of files) await (file.bytes > MAX_FILE_BYTES ? reader.scan(file) : reader.whole(file));
  else await readLarge(tree, files, { reader, hints, unknown });
  noteUnread(files, reader.modules, unknown);
  return [...reader.modules.values()];
}

/** Files near the top first, those beside the program last. */
function rank(path: string): number {
  return path.split('/').length + (isAside(path) ? 100 : 0);
}

interface Reader {
  modules: Map<string, PythonModule>;
  /** True if a file need not be read, for it is known from the last time. */
  recalls(file: TreeFile, want: PythonModule['read']): boolean;
  scan(file: TreeFile): Promise<PythonModule | undefined>;
  whole(file: TreeFile): Promise<PythonModule | undefined>;
}

function createReader(tree: FileTree): Reader {
  const modules = new Map<string, PythonModule>();
  const recalls = (file: TreeFile, want: PythonModule['read']): boolean => {
    const known = tree.memory?.recall(file.path);
    if (known === undefined || (known.read !== 'whole' && known.read !== want)) return false;
    modules.set(file.path, known);
    return true;
  };
  const readAs = async (file: TreeFile, want: PythonModule['read']): Promise<PythonModule | undefined> => {
    if (recalls(file, want)) return modules.get(file.path);
    const source = await tree.read(file.path);
    if (source === undefined) return undefined;
    const module = want === 'whole' ? readModule(file.path, source) : importLines(file.path, source);
    modules.set(file.path, module);
    tree.memory?.keep(file.path, module);
    return module;
  };
  return {
    modules,
    recalls,
    scan: async (file) => readAs(file, 'imports'),
    whole: async (file) => readAs(file, 'whole'),
  };
}

async function readLarge(
  tree: FileTree,
  files: readonly TreeFile[],
  { reader, hints, unknown }: { reader: Reader; hints: readonly StartHint[]; unknown: string[] },
): Promise<void> {
  let scanned = 0;
  let bytes = 0;
  for (const file of files) {
    bytes += file.bytes;
    if (scanned >= MAX_SCANNED || bytes > MAX_SCANNED_BYTES) break;
    if (!reader.recalls(file, 'imports')) await reader.scan(file);
    scanned++;
  }
  if (scanned < files.length)
    unknown.push(`${files.length - scanned} of ${files.length} Python files were not looked at`);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const hinted = new Set(hints.flatMap((hint) => hintedFile(tree, hint) ?? []));
  const first = files.filter(({ path }) => isLikelyEntry(path, reader.modules.get(path), hinted));
  const order = first.toSorted((a, b) => entryRank(b.path, hinted) - entryRank(a.path, hinted));
  let left = files.length > MANY_FILES ? MAX_WHOLE_BYTES_OF_MANY : MAX_WHOLE_BYTES;
  const queue = order.map(({ path }) => path);
  const queued = new Set(queue);
  for (const path of queue) {
    const file = byPath.get(path);
    if (file === undefined || file.bytes > MAX_FILE_BYTES || file.bytes > left) continue;
    left -= file.bytes;
    const module = await reader.whole(file);
    for (const next of module === undefined ? [] : importedFiles(tree, module))
      if (!queued.has(next)) {
        queued.add(next);
        queue.push(next);
      }
  }
}

function isLikelyEntry(path: string, module: PythonModule | undefined, hinted: ReadonlySet<string>): boolean {
  if (hinted.has(path)) return true;
  if (module === undefined || isAside(path)) return false;
  return module.startsSomething || (ENTRY_NAMES.test(baseOf(path)) && path.split('/').length <= 3);
}

function entryRank(path: string, hinted: ReadonlySet<string>): number {
  return (hinted.has(path) ? 1000 : 0) + (ENTRY_NAMES.test(baseOf(path)) ? 3 : 0) - path.split('/').length;
}

function noteUnread(
  files: readonly TreeFile[],
  modules: ReadonlyMap<string, PythonModule>,
  unknown: string[],
): void {
  const scanned = files.filter(({ path }) => modules.get(path)?.read === 'imports').length;
  const last = files.findLastIndex(({ path }) => modules.has(path));
  const missing = files.filter(({ path }, index) => index < last && !modules.has(path));
  if (scanned > 0)
    unknown.push(`of ${scanned} of ${files.length} Python files only the import lines were read: the others are where programs begin`);
  if (missing.length > 0)
    unknown.push(`${missing.map(({ path }) => path).slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more` : ''} could not be read as text`);
} // prettier-ignore
