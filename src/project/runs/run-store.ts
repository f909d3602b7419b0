import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseTrainingRun, type TrainingRun } from '#api/training-run.ts';
import { getTrainingRun, listTrainingRuns, putTrainingRun, removeTrainingRun } from '#client/training-runs.ts';
import type { Client } from '#client/transport.ts';
import { InvalidArgumentError, NotFoundError, NotImplementedError } from '#lib/errors.ts';

/** Where records of trainings are kept. */
export interface RunStore {
  /** Newest first. */
  list(project?: string): Promise<TrainingRun[]>;
  /** By id or the beginning of one. @throws {NotFoundError} */
  get(id: string): Promise<TrainingRun>;
  put(run: TrainingRun): Promise<void>;
  /** @throws {NotFoundError} */
  remove(id: string): Promise<void>;
}

/** The engine's records; a folder of this account where the engine is another that has none. */
export async function openRunStore(client: Client, folder = ownFolder()): Promise<RunStore> {
  try {
    await listTrainingRuns(client, '-');
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof NotImplementedError) return folderStore(folder);
    throw error;
  }
  return {
    list: async (project) => listTrainingRuns(client, project),
    get: async (id) => getTrainingRun(client, id),
    put: async (run) => putTrainingRun(client, run),
    remove: async (id) => removeTrainingRun(client, id),
  };
}

function ownFolder(): string {
  const state = process.env['XDG_STATE_HOME'] ?? '';
  return join(state === '' ? join(homedir(), '.local', 'state') : state, 'berth', 'runs');
}

/** A file for each run. */
export function folderStore(folder: string): RunStore {
  const fileOf = (id: string): string => join(folder, `${id}.json`);
  const list = async (project?: string): Promise<TrainingRun[]> => {
    const names = await readdir(folder).catch(() => []);
    const runs = await Promise.all(names.filter((name) => /^[0-9a-f]{12}\.json$/.test(name)).map(async (name) => readRun(join(folder, name)))); // prettier-ignore
    return runs
      .filter((run) => run !== undefined)
      .filter((run) => project === undefined || run.project === project)
      .toSorted((a, b) => Date.parse(b.started) - Date.parse(a.started));
  };
  const get = async (id: string): Promise<TrainingRun> => {
    const found = (await list()).filter((run) => run.id.startsWith(id));
    if (found.length > 1) throw new InvalidArgumentError(`several runs begin with ${id}`, { hint: 'write more of its id' }); // prettier-ignore
    if (found[0] === undefined) throw new NotFoundError(`there is no run ${id}`, { hint: 'see them all: berth runs ls' }); // prettier-ignore
    return found[0];
  };
  return {
    list,
    get,
    async put(run) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const temporary = `${fileOf(run.id)}.${process.pid}`;
      await writeFile(temporary, JSON.stringify(run), { mode: 0o600 });
      await rename(temporary, fileOf(run.id));
    },
    remove: async (id) => rm(fileOf((await get(id)).id)),
  };
}

/** One that cannot be read is none. */
async function readRun(path: string): Promise<TrainingRun | undefined> {
  try {
    return parseTrainingRun(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
