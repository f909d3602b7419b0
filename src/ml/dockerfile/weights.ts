import type { ModelPlan } from '../plan/plan.ts';
import { folderOf } from '../files.ts';
import { copyLine, isPlain } from './text.ts';

/** Files of a model that are copied together, before the code. */
export interface WeightsLayer {
  paths: readonly string[];
  /** Folder below the project's, with a slash at its end; empty for the project's own. */
  folder: string;
  bytes: number;
}

/** Smaller files are no worse than code. */
const LEAST_BYTES = 1024 * 1024;
/** Layers of one file each; what is smaller than these goes by its folder. */
const SINGLE_LAYERS = 8;
const ALL_LAYERS = 24;

/**
 * Which models become layers of their own, the largest first: a change of code or of a smaller model leaves them as they are.
 * @param files what goes into the build, where that is known: a model may be a folder of it, or left out of it
 */
export function weightsLayers(models: readonly ModelPlan[], files?: readonly string[]): WeightsLayer[] {
  const large = [...sizesOf(models, files)].toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  const single = large.slice(0, SINGLE_LAYERS).map(([path, bytes]) => layerOf([path], bytes));
  const rest = large.slice(SINGLE_LAYERS);
  const [folders, others] = [rest.filter(([path]) => path.endsWith('/')), rest.filter(([path]) => !path.endsWith('/'))];
  const grouped = [...Map.groupBy(others, ([path]) => folderOf(path)).values()].map((group) =>
    layerOf(
      group.map(([path]) => path),
      group.reduce((sum, [, bytes]) => sum + bytes, 0),
    ),
  );
  const more = [...grouped, ...folders.map(([path, bytes]) => layerOf([path], bytes))];
  return [...single, ...more.toSorted((a, b) => b.bytes - a.bytes)].slice(0, ALL_LAYERS);
}

/** Bytes by path; folders end with a slash. */
function sizesOf(models: readonly ModelPlan[], files: readonly string[] | undefined): Map<string, number> {
  const known = files === undefined ? undefined : new Set(files);
  const sizes = new Map<string, number>();
  for (const { path, bytes } of models) {
    if (bytes < LEAST_BYTES || !isPlain(path) || path.startsWith('/') || path.split('/').includes('..')) continue;
    const isFile = known === undefined || known.has(path);
    const isFolder = !isFile && (files ?? []).some((file) => file.startsWith(`${path}/`));
    if (isFile || isFolder) sizes.set(isFile ? path : `${path}/`, bytes);
  }
  // What lies in a folder that is copied whole comes with it.
  const folders = [...sizes.keys()].filter((path) => path.endsWith('/'));
  for (const path of sizes.keys())
    if (folders.some((folder) => folder !== path && path.startsWith(folder))) sizes.delete(path);
  return sizes;
}

function layerOf(paths: readonly string[], bytes: number): WeightsLayer {
  const [first = ''] = paths;
  const folder = first.endsWith('/') ? first : `${folderOf(first)}/`;
  return { paths, bytes, folder: folder === '/' ? '' : folder };
}

/** The COPY lines of everything but the weights, by name: for builders whose COPY cannot leave anything out. */
export function copiesAround(
  files: readonly string[],
  weights: readonly WeightsLayer[],
  flags: readonly string[],
): string[] {
  const left = new Set(weights.flatMap(({ paths }) => paths));
  const folders = [...left].filter((path) => path.endsWith('/'));
  const withWeights = new Set([...left].flatMap(foldersAbove));
  const singles = new Map<string, string[]>();
  const whole = new Set<string>();
  for (const path of files) {
    if (left.has(path) || folders.some((folder) => path.startsWith(folder))) continue;
    const above = foldersAbove(path).find((folder) => !withWeights.has(folder));
    if (above !== undefined) whole.add(above);
    else singles.set(folderOf(path), [...(singles.get(folderOf(path)) ?? []), path]);
  }
  return [
    ...[...singles].map(([folder, paths]) => copyLine(flags, paths, folder === '' ? './' : `./${folder}/`)),
    ...[...whole].map((folder) => copyLine(flags, [`${folder}/`], `./${folder}/`)),
  ];
}

/** From the top down. */
function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
