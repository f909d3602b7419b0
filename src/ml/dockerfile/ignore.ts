import { baseOf, type FileTree, folderOf, type TreeFile } from '../files.ts';
import type { ProjectPlan } from '../plan/plan.ts';
import { isPlain } from './text.ts';

interface Section {
  why: string;
  patterns: readonly string[];
}

/** What never belongs in an image of a Python project. */
const NEVER: readonly Section[] = [
  { why: 'Version control, and what tools keep for themselves.', patterns: ['.git', '.gitignore', '.gitattributes', '.hg', '.svn', '.github', '.dvc/cache', '.idea', '.vscode', '**/.DS_Store'] },
  { why: 'Environments and bytecode of this machine.', patterns: ['.venv', '**/__pycache__', '**/*.pyc', '**/*.egg-info', 'node_modules', '.tox', '.nox', '.eggs'] },
  { why: 'Caches.', patterns: ['**/.ipynb_checkpoints', '.mypy_cache', '.pytest_cache', '.ruff_cache', '.cache', '.coverage', 'htmlcov'] },
  { why: 'Secrets: whoever has the image could read them.', patterns: ['**/.env', '**/.env.*', '!**/.env.example', '.netrc', '.pypirc', '.aws', '.ssh', '**/kaggle.json', '**/.streamlit/secrets.toml'] },
  { why: 'What describes images and services.', patterns: ['Dockerfile*', '.dockerignore', 'compose*.y*ml', 'docker-compose*.y*ml'] },
]; // prettier-ignore

/** Names of virtual environments, and of code as well. */
const PERHAPS_ENVIRONMENTS = ['venv', 'env', 'ENV'];

const DATA_FOLDER =
  /^(?:data|datasets?|raw|raw_data|downloads?|corpus|corpora|train|val|valid|checkpoints?|ckpts?|runs?|wandb|mlruns|mlartifacts|lightning_logs|tb_logs|tensorboard|logs?|outputs?|results?|experiments?|artifacts|\.dvc)$/i;
const DATA_FILE =
  /\.(?:csv|tsv|parquet|feather|arrow|jsonl|ndjson|npy|npz|h5|hdf5|tfrecord|zip|tar|tgz|gz|bz2|xz|7z|rar|mp4|avi|mov|mkv|wav|flac|mp3|iso|sqlite3?|db|ckpt|pth|pt|pkl|joblib|onnx|safetensors|bin|gguf)$/i;
/** Less is not worth a line. */
const LEAST_BYTES = 5_000_000;
const MAX_LINES = 40;
const MAX_SOURCES = 400;
const MAX_SOURCE_BYTES = 2 * 1024 * 1024;

/** A .dockerignore for a project that has none: what never belongs in an image, and data that nothing in the code names. */
export async function generateIgnore(tree: FileTree, plan: ProjectPlan): Promise<string> {
  const environments = PERHAPS_ENVIRONMENTS.filter((name) => !tree.files.some(({ path }) => path.startsWith(`${name}/`)));
  const data = await unusedData(tree, plan);
  const sections: Section[] = [...NEVER, { why: 'Environments of this machine.', patterns: environments }];
  if (data.length > 0) sections.push({ why: 'Data and results that nothing in the code opens when it serves.', patterns: data });
  return sections
    .filter(({ patterns }) => patterns.length > 0)
    .map(({ why, patterns }) => `# ${why}\n${patterns.join('\n')}\n`)
    .join('\n');
} // prettier-ignore

/** Folders and files with much in them that the program does not mention, and that no model of it lies in. */
async function unusedData(tree: FileTree, plan: ProjectPlan): Promise<string[]> {
  const candidates = candidatesOf(tree.files).filter(({ path }) => !isNeeded(path, plan));
  if (candidates.length === 0) return [];
  const text = await sourcesOf(tree, plan);
  return candidates
    .filter(({ path }) => !mentions(text, path))
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, MAX_LINES)
    .map(({ path }) => path);
}

function candidatesOf(files: readonly TreeFile[]): TreeFile[] {
  const folders = new Map<string, number>();
  const single: TreeFile[] = [];
  for (const file of files) {
    const folder = dataFolderOf(file.path);
    if (folder !== undefined) folders.set(folder, (folders.get(folder) ?? 0) + file.bytes);
    else if (file.bytes >= LEAST_BYTES && DATA_FILE.test(file.path)) single.push(file);
  }
  return [...[...folders].map(([path, bytes]) => ({ path, bytes })), ...single].filter(
    ({ path, bytes }) => bytes >= LEAST_BYTES && isPlain(path),
  );
}

/** The outermost folder of a path with a name of data; code that lies in such a folder is told by what imports it. */
function dataFolderOf(path: string): string | undefined {
  const parts = path.split('/').slice(0, -1);
  const at = parts.findIndex((part) => DATA_FOLDER.test(part));
  return at < 0 ? undefined : parts.slice(0, at + 1).join('/');
}

/** Models that are served, and the program itself. Checkpoints of trainings are models too, but nothing opens them. */
function isNeeded(path: string, { models, start, install }: ProjectPlan): boolean {
  const inside = (file: string): boolean => file === path || file.startsWith(`${path}/`);
  const served = start?.kind === 'model' ? models.map((model) => model.path) : [];
  return [...served, ...install.files, start?.module ?? ''].some(inside);
}

/** Texts of the programs, but for those that train. */
async function sourcesOf(tree: FileTree, { training }: ProjectPlan): Promise<string> {
  const texts: string[] = [];
  let bytes = 0;
  const sources = tree.files.filter(({ path }) => /\.(?:py|ya?ml|toml|json|cfg|ini|env|sh)$/.test(path));
  for (const file of sources.toSorted((a, b) => a.path.split('/').length - b.path.split('/').length)) {
    bytes += file.bytes;
    if (texts.length >= MAX_SOURCES || bytes > MAX_SOURCE_BYTES) break;
    if (file.path === training?.script) continue;
    texts.push((await tree.read(file.path)) ?? '');
  }
  return texts.join('\n');
}

/** Whether a text has the name of a folder or file in a string, or imports from the folder. */
function mentions(text: string, path: string): boolean {
  const name = RegExp.escape(baseOf(path));
  const top = RegExp.escape(path.split('/')[0] ?? '');
  const inText = new RegExp(String.raw`["'/\\]${name}(?:["'/\\]|$)`, 'm').test(text);
  const imported = new RegExp(String.raw`^\s*(?:from|import)\s+(?:\.*|[\w.]*\.)?${folderOf(path) === '' ? top : name}\b`, 'm').test(text); // prettier-ignore
  return inText || imported;
}
