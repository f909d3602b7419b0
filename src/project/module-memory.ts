import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ModuleMemory } from '#ml/files.ts';
import { importsOnly } from '#ml/python/found.ts';
import type { PythonImport, PythonModule } from '#ml/python/module.ts';
import type { ListedFile } from './list-folder.ts';

const MAX_BYTES = 48 * 1024 * 1024;
const MAX_FOLDERS = 200;
/** A file changed this shortly before it was read may change again without another time. */
const SETTLED_MS = 100;

/** A file as it was when it was read, and what was read. */
type Kept = readonly [
  path: string,
  bytes: number,
  modifiedMs: number,
  changedMs: number,
  inode: number,
  module: unknown,
];

/**
 * Opens what is kept of a folder. A file's entry counts while size, times and inode are the same; the whole counts for one build of this program only,
 * since another one may read more out of the same files. From sources, which change all the time, nothing is kept. A cache that cannot be written is
 * none.
 */
export function openModuleMemory(
  root: string,
  files: ReadonlyMap<string, ListedFile>,
  program: string | undefined = thisProgram(),
): ModuleMemory | undefined {
  if (program === undefined) return undefined;
  const path = join(cacheFolder(), `${createHash('sha256').update(root).digest('hex').slice(0, 20)}.json`);
  const former = readKept(path, program);
  const fresh = new Map<string, Kept>();
  const isSame = ([file, bytes, modifiedMs, changedMs, inode]: Kept): boolean => {
    const facts = files.get(file);
    return facts?.bytes === bytes && facts.modifiedMs === modifiedMs && facts.changedMs === changedMs && facts.inode === inode;
  }; // prettier-ignore
  let used = 0;
  return {
    recall: (file) => {
      const kept = former.get(file);
      if (kept === undefined || !isSame(kept)) return undefined;
      used++;
      return unpacked(file, kept[5]);
    },
    keep: (file, module) => {
      const facts = files.get(file);
      if (facts === undefined || Date.now() - facts.changedMs <= SETTLED_MS) return;
      fresh.set(file, [file, facts.bytes, facts.modifiedMs, facts.changedMs, facts.inode, packed(module)]);
    },
    save: () => {
      if (fresh.size === 0 && used >= former.size) return;
      const entries = [...new Map([...former, ...fresh]).values()].filter(isSame);
      writeKept(path, program, JSON.stringify(entries));
    },
  };
}

/** What tells this build from another; undefined if it runs from sources. */
function thisProgram(): string | undefined {
  const { filename } = import.meta;
  if (filename.endsWith('.ts')) return undefined;
  const { size, mtimeMs } = statSync(filename);
  return `${size}-${mtimeMs}`;
}

/** `$XDG_CACHE_HOME/berth/modules`. */
function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'berth/modules');
}

function headOf(program: string, body: string): string {
  return `berth-modules ${program} ${createHash('sha1').update(body).digest('hex')}`;
}

function readKept(path: string, program: string): Map<string, Kept> {
  try {
    const text = readFileSync(path, 'utf8');
    const end = text.indexOf('\n');
    const body = text.slice(end + 1);
    if (!text.startsWith(`berth-modules ${program} `) || text.slice(0, end) !== headOf(program, body)) return new Map();
    const kept = new Map<string, Kept>();
    for (const entry of JSON.parse(body) as Kept[]) kept.set(entry[0], entry);
    return kept;
  } catch {
    return new Map();
  }
}

function writeKept(path: string, program: string, body: string): void {
  if (body.length > MAX_BYTES) return;
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, `${headOf(program, body)}\n${body}`, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, path);
    removeOldest(join(path, '..'));
  } catch {
    rmSync(temporary, { force: true });
  }
}

function removeOldest(folder: string): void {
  const names = readdirSync(folder);
  if (names.length <= MAX_FOLDERS) return;
  const byAge = names.map((name) => ({ name, time: statSync(join(folder, name)).mtimeMs })).toSorted((a, b) => a.time - b.time); // prettier-ignore
  for (const { name } of byAge.slice(0, names.length - MAX_FOLDERS)) rmSync(join(folder, name), { force: true });
}

/** Files of which only the imports are known are most of a large project: they are written short, and read when they are asked for. */
function packed(module: PythonModule): unknown {
  if (module.read === 'imports')
    return [(module.isScript ? 1 : 0) + (module.startsSomething ? 2 : 0), module.imports.map(importLine).join('\n')];
  return { ...module, calls: [...module.calls], names: [...module.names] };
}

function importLine({ module, line, optional, late, names, as }: PythonImport): string {
  return [module, line, (optional ? 1 : 0) + (late ? 2 : 0), names.join(' '), as.join(' ')].join(',');
}

function unpacked(path: string, kept: unknown): PythonModule {
  if (Array.isArray(kept)) {
    const [flags, lines] = kept as [number, string];
    const marks = { isScript: (flags & 1) === 1, startsSomething: (flags & 2) === 2 };
    return importsOnly(path, () => (lines === '' ? [] : lines.split('\n').map(readImportLine)), marks);
  }
  const module = kept as PythonModule & { calls: string[]; names: [string, never][] };
  return { ...module, calls: new Set(module.calls), names: new Map(module.names) };
}

function readImportLine(text: string): PythonImport {
  const [module = '', line, flags, names = '', as = ''] = text.split(',');
  const marks = Number(flags);
  return {
    module, line: Number(line), optional: (marks & 1) === 1, late: (marks & 2) === 2,
    names: names === '' ? [] : names.split(' '), as: as === '' ? [] : as.split(' '),
  }; // prettier-ignore
}
