import type { Database } from '#lib/sqlite.ts';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { ContainerRecord } from './record.ts';

/** All containers of the engine; in the database before anybody is told. */
export interface Records {
  /** @throws {NotFoundError} */
  get(id: string): ContainerRecord;
  /** By full id, name (with or without slash) or unique prefix of the id. @throws {NotFoundError} `No such container: x` */
  find(name: string): ContainerRecord;
  list(): ContainerRecord[];
  /** @throws {ConflictError} if the name is taken */
  insert(record: ContainerRecord): void;
  /** `keep: false` changes only what this process knows, for what a restart finds out anyway. */
  update(id: string, change: Partial<ContainerRecord>, options?: { keep: boolean }): ContainerRecord;
  remove(id: string): void;
  /** Id of the container that has the name. */
  idOf(name: string): string | undefined;
}

export function openRecords(database: Database): Records {
  const rows = database.prepare('SELECT record FROM containers ORDER BY created').all();
  const records = new Map(
    rows.map((row) => JSON.parse(String(row['record'])) as ContainerRecord).map((record) => [record.id, record]),
  );
  const names = new Map([...records.values()].map(({ name, id }) => [name, id]));
  const insertRow = database.prepare('INSERT INTO containers (id, name, created, record) VALUES (?, ?, ?, ?)');
  const updateRow = database.prepare('UPDATE containers SET name = ?, record = ? WHERE id = ?');
  const deleteRow = database.prepare('DELETE FROM containers WHERE id = ?');
  const get = (id: string): ContainerRecord => {
    const record = records.get(id);
    if (record === undefined) throw new NotFoundError(`No such container: ${id}`);
    return record;
  };
  const checkName = (name: string, own: string): void => {
    const owner = names.get(name);
    if (owner === undefined || owner === own) return;
    throw new ConflictError(
      `Conflict. The container name "/${name}" is already in use by container "${owner}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  };
  return {
    get,
    find: (name) => findRecord({ records, names }, name),
    list: () => [...records.values()],
    idOf: (name) => names.get(name),
    insert(record) {
      checkName(record.name, record.id);
      insertRow.run(record.id, record.name, record.created, JSON.stringify(record));
      records.set(record.id, record);
      names.set(record.name, record.id);
    },
    update(id, change, { keep } = { keep: true }) {
      const former = get(id);
      const record = { ...former, ...change };
      if (record.name !== former.name) checkName(record.name, id);
      if (keep) updateRow.run(record.name, JSON.stringify(record), id);
      records.set(id, record);
      if (record.name !== former.name) {
        names.delete(former.name);
        names.set(record.name, id);
      }
      return record;
    },
    remove(id) {
      const { name } = get(id);
      deleteRow.run(id);
      records.delete(id);
      names.delete(name);
    },
  };
}

function findRecord(
  { records, names }: { records: ReadonlyMap<string, ContainerRecord>; names: ReadonlyMap<string, string> },
  name: string,
): ContainerRecord {
  const bare = name.replace(/^\//, '');
  const exact = records.get(bare) ?? records.get(names.get(bare) ?? '');
  if (exact !== undefined) return exact;
  const found = /^[0-9a-f]+$/.test(bare) ? [...records.values()].filter(({ id }) => id.startsWith(bare)) : [];
  if (found.length > 1) throw new InvalidArgumentError(`Multiple IDs found with provided prefix: ${bare}`);
  const [only] = found;
  if (only === undefined) throw new NotFoundError(`No such container: ${name}`);
  return only;
}
