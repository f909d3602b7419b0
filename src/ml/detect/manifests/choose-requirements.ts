import { baseOf, type FileTree, folderOf } from '../../files.ts';

/** Words in the name of a requirements file that say what it is for, with how likely it is what the program needs. */
const WORDS: readonly (readonly [RegExp, number])[] = [
  [/^(dev|develop|development|test|tests|testing|docs?|lint|linting|ci|build|style|typing|mypy|bench|benchmarks?|examples?|mac|macos|osx|darwin|win|windows|win32|conda|rtd|setup|tools?|notebooks?|jupyter|extras?|optional|local|debug)$/, -1],
  [/^(prod|production|deploy|deployment|release)$/, 84],
  [/^(docker|container|linux|server|serve|serving|api|app|web|service|backend|inference|predict|runtime|main|core|minimal|min|base|common|default|general|project|python|py3|py|python3)$/, 82],
  [/^cpu$/, 78], [/^(full|all|complete|freeze|frozen|lock|locked|pinned|pip)$/, 70], [/^(gpu|cuda|cu\d+|rocm|nvidia)$/, 60], [/^(train|training|finetune|colab|data|eval)$/, 45],
]; // prettier-ignore

const FOR_GPU = /^(gpu|cuda|cu\d+|nvidia)$/;
const UNKNOWN_WORD = 50;

/** What the packages are installed for. */
export type Device = 'cpu' | 'gpu';

export interface RequirementsWish {
  /** Files that an own Dockerfile installs. */
  named: readonly string[];
  device: Device;
}

/** Requirements files that could say what a program of the folder needs, the likeliest first. */
export function requirementsFiles(tree: FileTree, folder: string, { named, device }: RequirementsWish): string[] {
  const wanted = new Set(named.map((name) => baseOf(name.replaceAll('\\', '/'))));
  const scored = tree.files.flatMap(({ path }) => {
    const score = scoreOf(folder, path, device);
    if (score === undefined) return [];
    return [{ path, score: score + (wanted.has(baseOf(path)) ? 500 : 0) }];
  });
  return scored.toSorted((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1)).map(({ path }) => path);
}

/** Undefined for what is no requirements file of the folder, or one for its people and not its program. */
function scoreOf(folder: string, path: string, device: Device): number | undefined {
  const inside = /\.(txt|in|pip)$/i.test(path) ? below(folder, path) : undefined;
  if (inside === undefined) return undefined;
  const [, directory, base = ''] = /^(?:(requirements?|reqs?|deps|dependencies)\/)?([^/]+)$/i.exec(inside) ?? [];
  const file = /^(.*)\.(txt|in|pip)$/i.exec(base);
  if (file === null) return undefined;
  const [, stem = '', ending = ''] = file;
  const late = ending.toLowerCase() === 'in' ? 40 : 0;
  if (/^requirements?$/i.test(stem)) return 100 - (directory === undefined ? 0 : 15) - (stem === 'requirements' ? 0 : 5) - late;
  const isNamed = /^(pip[-_.]?)?(requirements?|reqs?|dependencies)$|^requirements?[-_.]|^reqs?[-_]|[-_.]requirements?$|^python[-_]packages$/i.test(stem);
  if (!isNamed && directory === undefined) return undefined;
  const words = stem.toLowerCase().split(/[-_.]/).filter((word) => !/^(requirements?|reqs?|pip|)$/.test(word));
  const scores = words.map((word) => (device === 'gpu' && FOR_GPU.test(word) ? 95 : (WORDS.find(([pattern]) => pattern.test(word))?.[1] ?? UNKNOWN_WORD)));
  const score = words.length === 0 ? 90 : Math.min(...scores);
  return score < 0 ? undefined : score - late;
} // prettier-ignore

/** The path as seen from a folder; undefined if it does not lie there. */
function below(folder: string, path: string): string | undefined {
  if (folder === '') return path;
  return folderOf(path) === folder || path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
}
