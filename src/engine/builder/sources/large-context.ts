import { humanBytes } from '#api/progress.ts';
import { matchesName } from '#dockerfile/ignore.ts';
import type { BuildReport } from '../progress/report.ts';
import type { SourceEntry } from './source-tree.ts';

/** Sees how much of the context goes into a build. */
export interface SizeWatch {
  add(entries: Iterable<Pick<SourceEntry, 'path' | 'kind' | 'size'>>): void;
}

/** From here on people are told what makes it large. */
const LARGE_BYTES = 500_000_000;
const NAMED = 10;
/** A folder is named by what is in it where one thing makes up so much of it. */
const MAIN_SHARE = 0.8;
/** What has a smaller share is not worth a line of an ignore file. */
const PROPOSED_SHARE = 0.01;

/** Folders that an image hardly ever needs: history, environments, caches, records of training runs, data. */
const FOLDERS: readonly string[] = [
  '.git', '.hg', '.svn', '.venv', 'venv', '.conda', 'node_modules', '__pycache__', '.cache', '.mypy_cache', '.pytest_cache', '.ruff_cache', '.tox', '.nox', '.ipynb_checkpoints', '.dvc', '.terraform',
  'data', 'dataset', 'datasets', 'raw_data', 'checkpoints', 'ckpt', 'weights', 'wandb', 'mlruns', 'lightning_logs', 'tb_logs', 'runs', 'outputs', 'output', 'logs', 'tmp', 'dist', 'build',
]; // prettier-ignore

/** Files that are data or weights. */
const FILES: readonly string[] = [
  '*.ckpt', '*.pt', '*.pth', '*.safetensors', '*.gguf', '*.onnx', '*.h5', '*.hdf5', '*.tflite', '*.npy', '*.npz', '*.parquet', '*.arrow', '*.feather', '*.csv', '*.jsonl', '*.tfrecord', '*.lmdb', '*.mp4', '*.zip', '*.tar', '*.tar.gz', '*.tgz', '*.whl', '*.iso', '*.img', '*.log', 'core',
]; // prettier-ignore

export function createSizeWatch(report: Pick<BuildReport, 'remark'>, ignore: readonly string[]): SizeWatch {
  const files = new Map<string, number>();
  let total = 0;
  let isTold = false;
  return {
    add(entries) {
      for (const { path, kind, size } of entries) {
        if (kind !== 'file' || files.has(path)) continue;
        files.set(path, size);
        total += size;
      }
      if (isTold || total < LARGE_BYTES) return;
      isTold = true;
      report.remark(describeSize(files, ignore));
    },
  };
}

/** What makes a context large, and what an ignore file could leave out. */
export function describeSize(files: ReadonlyMap<string, number>, ignore: readonly string[]): string {
  const total = [...files.values()].reduce((sum, bytes) => sum + bytes, 0);
  const largest = largestParts(files).map(({ path, bytes }) => `  ${humanBytes(bytes).padStart(8)}  ${path}`);
  const lines = proposedLines(files, ignore);
  const advice =
    lines.length === 0
      ? ['what the image does not need belongs in .dockerignore']
      : ['a .dockerignore could leave out what the image does not need:', ...lines.map((line) => `  ${line}`)];
  return [`[Warning] ${humanBytes(total)} of the build context go into this build, most of it:`, ...largest, ...advice].join('\n'); // prettier-ignore
}

interface Part {
  path: string;
  bytes: number;
}

/** Folders as a whole where their files are small, single files where they are not; none inside another. */
export function largestParts(files: ReadonlyMap<string, number>, count = NAMED): Part[] {
  const sums = new Map<string, number>();
  const mains = new Map<string, number>();
  for (const [path, bytes] of files)
    for (const folder of foldersOf(path)) sums.set(folder, (sums.get(folder) ?? 0) + bytes);
  for (const [path, bytes] of [...files, ...sums]) {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    mains.set(parent, Math.max(mains.get(parent) ?? 0, bytes));
  }
  const isWhole = ([path, bytes]: [string, number]): boolean =>
    isKnown(path) || (mains.get(path) ?? 0) < bytes * MAIN_SHARE;
  const folders = [...sums].filter(isWhole).map(([path, bytes]) => ({ path: `${path}/`, bytes }));
  const single = [...files].map(([path, bytes]) => ({ path, bytes }));
  const found: Part[] = [];
  for (const part of [...folders, ...single].toSorted((a, b) => b.bytes - a.bytes)) {
    if (found.length >= count) break;
    if (!found.some(({ path }) => part.path.startsWith(path) || path.startsWith(part.path))) found.push(part);
  }
  return found;
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function isKnown(folder: string): boolean {
  return FOLDERS.includes(folder.slice(folder.lastIndexOf('/') + 1));
}

/** Lines for an ignore file that would leave out a good part. */
export function proposedLines(files: ReadonlyMap<string, number>, ignore: readonly string[]): string[] {
  const sums = new Map<string, number>();
  let total = 0;
  for (const [path, bytes] of files) {
    total += bytes;
    const line = lineFor(path);
    if (line !== undefined) sums.set(line, (sums.get(line) ?? 0) + bytes);
  }
  const isWorth = ([line, bytes]: [string, number]): boolean =>
    bytes >= total * PROPOSED_SHARE && !ignore.includes(line);
  return [...sums]
    .filter(isWorth)
    .toSorted(([, a], [, b]) => b - a)
    .map(([line]) => line)
    .slice(0, NAMED);
}

function lineFor(path: string): string | undefined {
  const folder = foldersOf(path).find(isKnown);
  if (folder !== undefined) return `**/${folder.slice(folder.lastIndexOf('/') + 1)}`;
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const pattern = FILES.find((known) => matchesName(known, name));
  return pattern === undefined ? undefined : `**/${pattern}`;
}
