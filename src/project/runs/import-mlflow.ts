import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunMetric, TrainingRun } from '#api/training-run.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { isYamlMap, parseYaml, type YamlMap } from '#ml/yaml.ts';

const MAX_RUNS = 10_000;
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_POINTS = 1000;

/**
 * Runs of a file store of MLflow (`mlruns/EXPERIMENT/RUN`: `meta.yaml`, and a file for each parameter, metric and tag). The same run is given the
 * same id each time, so that a second import changes nothing.
 * @throws {InvalidArgumentError} if the folder holds none
 */
export async function readMlflow(folder: string): Promise<TrainingRun[]> {
  const root = resolve(folder);
  const places = [root, join(root, 'mlruns')];
  for (const place of places) {
    const runs = await readStore(place);
    if (runs.length > 0) return runs.toSorted((a, b) => Date.parse(b.started) - Date.parse(a.started));
  }
  throw new InvalidArgumentError(`${folder} holds no runs of MLflow`, {
    why: "a file store has folders of experiments, with a folder and a meta.yaml for each run",
    hint: 'name the folder that is called mlruns',
  });
} // prettier-ignore

async function readStore(root: string): Promise<TrainingRun[]> {
  const runs: TrainingRun[] = [];
  for (const experiment of await foldersOf(root)) {
    const meta = await metaOf(join(root, experiment));
    const name = typeof meta?.['name'] === 'string' ? meta['name'] : experiment;
    for (const run of await foldersOf(join(root, experiment))) {
      if (runs.length >= MAX_RUNS) return runs;
      const read = await readRun(join(root, experiment, run), name);
      if (read !== undefined) runs.push(read);
    }
  }
  return runs;
}

async function foldersOf(place: string): Promise<string[]> {
  const entries = await readdir(place, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
}

async function metaOf(folder: string): Promise<YamlMap | undefined> {
  const text = await readSmall(join(folder, 'meta.yaml'));
  try {
    const meta = parseYaml(text ?? '');
    return isYamlMap(meta) ? meta : undefined;
  } catch {
    return undefined; // not of MLflow, or broken
  }
}

async function readSmall(path: string): Promise<string | undefined> {
  const facts = await stat(path).catch(() => undefined);
  return facts?.isFile() === true && facts.size <= MAX_FILE_BYTES ? readFile(path, 'utf8') : undefined;
}

const STATUS: Readonly<Record<string, TrainingRun['status']>> = { 1: 'running', 2: 'running', 3: 'succeeded', 4: 'failed', 5: 'stopped' }; // prettier-ignore

async function readRun(folder: string, experiment: string): Promise<TrainingRun | undefined> {
  const meta = await metaOf(folder);
  const id = meta?.['run_id'] ?? meta?.['run_uuid'];
  if (meta === undefined || typeof id !== 'string') return undefined;
  const [parameters, tags, metrics] = await Promise.all([textsOf(join(folder, 'params')), textsOf(join(folder, 'tags')), metricsOf(join(folder, 'metrics'))]);
  const time = (key: string): string | null => {
    const ms = Number(meta[key]);
    return Number.isFinite(ms) && ms > 0 ? new Date(ms).toISOString() : null;
  };
  const [started, ended] = [time('start_time') ?? new Date(0).toISOString(), time('end_time')];
  return {
    schemaVersion: 1, id: createHash('sha256').update(id).digest('hex').slice(0, 12), project: experiment, directory: folder, started, ended,
    status: STATUS[typeof meta['status'] === 'string' ? meta['status'] : ''] ?? 'succeeded', exitCode: null, commit: tags['mlflow.source.git.commit'] ?? null, isDirty: null, diff: null, image: null,
    command: tags['mlflow.source.name'] === undefined ? [] : [tags['mlflow.source.name']], parameters, data: [], metrics, outputs: [],
    seconds: ended === null ? null : (Date.parse(ended) - Date.parse(started)) / 1000, peakMemoryBytes: null, cause: null,
  };
} // prettier-ignore

async function textsOf(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of await filesBelow(folder)) found[name] = ((await readSmall(join(folder, name))) ?? '').trim();
  return found;
}

/** Each line: time, value, step. */
async function metricsOf(folder: string): Promise<RunMetric[]> {
  const metrics: RunMetric[] = [];
  for (const name of await filesBelow(folder)) {
    const lines = ((await readSmall(join(folder, name))) ?? '').split('\n').filter((line) => line.trim() !== '');
    const every = Math.ceil(lines.length / MAX_POINTS);
    const kept = lines.filter((_, index) => index % every === 0 || index === lines.length - 1);
    const points = kept.map((line): [number, number] => {
      const [, value, step] = line.trim().split(/\s+/);
      return [Number(step ?? 0), Number(value)];
    });
    metrics.push({ name, points: points.filter((pair) => pair.every((number) => Number.isFinite(number))) });
  }
  return metrics;
}

/** Names of metrics may have slashes, and are folders then. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).toSorted();
}
