import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { hexOf } from '#oci/digest.ts';
import { sha256 } from '#lib/sha256.ts';
import { type Database, transaction } from '#lib/sqlite.ts';
import type { BuildRecord, RecordedEvent } from './build-record.ts';
import { readEvents } from './event-file.ts';
import { unlessFull } from './unless-full.ts';

/** Builds that ran, and those that run. */
export interface BuildRecords {
  /** Newest first. */
  list(): BuildRecord[];
  /** By ref, or the beginning of one. @throws {NotFoundError}; {InvalidArgumentError} for a beginning of several */
  get(ref: string): BuildRecord;
  /** All that a build told, oldest first; of a running one up to now. @throws {NotFoundError} */
  events(ref: string): AsyncIterable<RecordedEvent>;
  /** @throws {NotFoundError}; {InvalidArgumentError} for one that runs */
  remove(ref: string): Promise<void>;
  /** One that is pinned is not removed when there are too many. @throws {NotFoundError} */
  pin(ref: string, isPinned: boolean): void;
  /** Told of each change until the answer is called. */
  watch(listener: (change: BuildChange) => void): () => void;
}

export interface BuildChange {
  kind: 'started' | 'completed' | 'removed';
  record: BuildRecord;
}

/** What the one who records builds needs besides. */
export interface BuildRecordStore extends BuildRecords {
  /** File for what a build tells. */
  fileOf(ref: string): string;
  /** Writes what waits to be written. */
  flush(): void;
  begin(run: RunningBuild): void;
  end(run: RunningBuild): Promise<void>;
}

/** A build that is being recorded. */
export interface RunningBuild {
  ref: string;
  record(): BuildRecord;
  /** What was told up to now. */
  events(): readonly RecordedEvent[];
}

/** Builds that are remembered; the oldest go first. */
const COUNT_LIMIT = 100;
const AGE_LIMIT_MS = 30 * 24 * 3_600_000;

/** Opens the records in the database, with a file for each below `root`; files without a record are removed. */
export async function openBuildRecords(database: Database, root: string): Promise<BuildRecordStore> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const table = createTable(database);
  const running = new Map<string, RunningBuild>();
  const listeners = new Set<(change: BuildChange) => void>();
  const fileOf = (ref: string): string => join(root, nameOf(ref));
  const known = new Set(table.list().map(({ ref }) => nameOf(ref)));
  for (const name of await readdir(root)) if (!known.has(name)) await rm(join(root, name), { force: true });

  const tell = (change: BuildChange): void => listeners.forEach((listener) => listener(change));
  const list = (): BuildRecord[] =>
    [...[...running.values()].map((run) => run.record()), ...table.list()].toSorted((a, b) => b.started - a.started);
  const drop = async (record: BuildRecord): Promise<void> => {
    table.remove(record.ref);
    tell({ kind: 'removed', record });
    await rm(fileOf(record.ref), { force: true });
  };
  const get = (ref: string): BuildRecord => findRecord(list(), ref);
  return {
    list,
    get,
    fileOf,
    flush: () => table.flush(),
    events(name) {
      const { ref } = get(name);
      const run = running.get(ref);
      return run === undefined ? readEvents(fileOf(ref)) : fromList(run.events());
    },
    async remove(ref) {
      const record = get(ref);
      if (record.status === 'running')
        throw new InvalidArgumentError(`build ${record.ref} is running`, { hint: 'cancel it first' });
      await drop(record);
    },
    pin: (ref, isPinned) => table.put({ ...get(ref), isPinned }),
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    begin(run) {
      running.set(run.ref, run);
      tell({ kind: 'started', record: run.record() });
    },
    async end(run) {
      running.delete(run.ref);
      const record = run.record();
      table.put(record);
      tell({ kind: 'completed', record });
      for (const old of table.surplus()) await drop(old);
    },
  };
}

function nameOf(ref: string): string {
  return `${hexOf(sha256(ref)).slice(0, 32)}.jsonl`;
}

function findRecord(records: readonly BuildRecord[], ref: string): BuildRecord {
  const exact = records.find((record) => record.ref === ref);
  const [found, ...more] =
    exact === undefined && ref !== '' ? records.filter((record) => record.ref.startsWith(ref)) : [];
  if (more.length > 0)
    throw new InvalidArgumentError(`several builds begin with ${ref}`, { hint: 'give more of the name' });
  const record = exact ?? found;
  if (record !== undefined) return record;
  throw new NotFoundError(`no build ${ref}`, {
    why: `the last ${COUNT_LIMIT} builds are remembered, and none has this name`,
    hint: 'list them with docker buildx history ls',
  });
}

async function* fromList(events: readonly RecordedEvent[]): AsyncGenerator<RecordedEvent> {
  yield* events;
}

interface Table {
  /** Newest first. */
  list(): BuildRecord[];
  put(record: BuildRecord): void;
  remove(ref: string): void;
  /** Those that are too old, or too many. */
  surplus(): BuildRecord[];
  flush(): void;
}

const LATER_MS = 1000;

/** There are few enough to have them at hand. They are written a moment later: the next build does not wait for the disk. */
function createTable(database: Database): Table {
  const rows = database.prepare('SELECT record FROM build_records').all();
  const records = new Map(
    rows.map((row) => JSON.parse(String(row['record'])) as BuildRecord).map((record) => [record.ref, record]),
  );
  const changed = new Set<string>();
  const write = createWrite(database, records);
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!database.isOpen || changed.size === 0) return;
    write(changed);
    changed.clear();
  };
  const change = (ref: string): void => {
    changed.add(ref);
    timer ??= setTimeout(flush, LATER_MS).unref();
  };
  const list = (): BuildRecord[] => [...records.values()].toSorted((a, b) => b.started - a.started);
  return {
    list,
    flush,
    surplus() {
      const since = Date.now() - AGE_LIMIT_MS;
      return list().filter(({ isPinned, started }, index) => !isPinned && (index >= COUNT_LIMIT || started < since));
    },
    put(record) {
      records.set(record.ref, record);
      change(record.ref);
    },
    remove(ref) {
      records.delete(ref);
      change(ref);
    },
  };
}

/** @returns what brings the rows of some builds in line; on a full disk they stay as they are */
function createWrite(database: Database, records: ReadonlyMap<string, BuildRecord>): (refs: Iterable<string>) => void {
  const put = database.prepare('INSERT OR REPLACE INTO build_records (ref, started, record) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM build_records WHERE ref = ?');
  return (refs) =>
    unlessFull(() =>
      transaction(database, () => {
        for (const ref of refs) {
          const record = records.get(ref);
          if (record === undefined) remove.run(ref);
          else put.run(ref, record.started, JSON.stringify(record));
        }
      }),
    );
}
