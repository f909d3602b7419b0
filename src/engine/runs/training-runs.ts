import type { TrainingRun } from '#api/training-run.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { Database } from '#lib/sqlite.ts';

/** Trainings that this engine was told of. */
export interface TrainingRuns {
  /** Newest first; of one project or of all. */
  list(project?: string): TrainingRun[];
  /** By id or the beginning of one. @throws {NotFoundError}; {InvalidArgumentError} for a beginning of several */
  get(id: string): TrainingRun;
  /** Records a run, or what has become of it. */
  put(run: TrainingRun): void;
  /** @throws {NotFoundError} */
  remove(id: string): void;
}

/** Opens the records in the engine's database. */
export function openTrainingRuns(database: Database): TrainingRuns {
  const all = database.prepare('SELECT record FROM training_runs ORDER BY started DESC, id');
  const ofProject = database.prepare(
    'SELECT record FROM training_runs WHERE project = ? ORDER BY started DESC, id',
  );
  const beginning = database.prepare('SELECT record FROM training_runs WHERE id >= ? AND id < ? LIMIT 2');
  const insert = database.prepare(
    'INSERT INTO training_runs (id, project, started, record) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record',
  );
  const remove = database.prepare('DELETE FROM training_runs WHERE id = ?');
  const get = (id: string): TrainingRun => {
    const rows = /^[0-9a-f]+$/.test(id) ? beginning.all(id, `${id}g`) : [];
    if (rows.length > 1) throw new InvalidArgumentError(`several runs begin with ${id}`, { hint: 'write more of its id' });
    const [row] = rows;
    if (row === undefined) throw new NotFoundError(`there is no run ${id}`, { hint: 'see them all: berth runs ls' });
    return parseRow(row);
  };
  return {
    list: (project) => (project === undefined ? all.all() : ofProject.all(project)).map(parseRow),
    get,
    put: (run) => void insert.run(run.id, run.project, Date.parse(run.started), JSON.stringify(run)),
    remove: (id) => void remove.run(get(id).id),
  };
} // prettier-ignore

function parseRow(row: Record<string, unknown>): TrainingRun {
  return JSON.parse(String(row['record'])) as TrainingRun;
}
