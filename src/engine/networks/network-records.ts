import { ConflictError, InvalidArgumentError, NotFoundError, PermissionDeniedError } from '#lib/errors.ts';
import type { Database } from '#lib/sqlite.ts';
import type { NetworkRecord } from './networks.ts';

/** Networks that are always there, with their drivers. */
export const PREDEFINED = { bridge: 'bridge', host: 'host', none: 'null' } as const;

export function isPredefined(name: string): boolean {
  return Object.hasOwn(PREDEFINED, name);
}

/** The networks of the database. */
export interface NetworkRecords {
  list(): NetworkRecord[];
  /** By id, name or unique id prefix. @throws {NotFoundError} `network x not found`; {InvalidArgumentError} for an ambiguous prefix */
  get(name: string): NetworkRecord;
  /** @throws {ConflictError} if the name is taken */
  insert(record: NetworkRecord): void;
  update(record: NetworkRecord): void;
  delete(id: string): void;
}

export function openNetworkRecords(database: Database): NetworkRecords {
  const list = (): NetworkRecord[] =>
    database
      .prepare('SELECT record FROM networks ORDER BY created, name')
      .all()
      .map((row) => JSON.parse(String(row['record'])) as NetworkRecord);

  return {
    list,
    get(name) {
      const all = list();
      const exact = all.find(({ id }) => id === name) ?? all.find((network) => network.name === name);
      if (exact !== undefined) return exact;
      const byPrefix = name === '' ? [] : all.filter(({ id }) => id.startsWith(name));
      if (byPrefix.length > 1)
        throw new InvalidArgumentError(
          `network ${name} is ambiguous (${byPrefix.length} matches found based on ID prefix)`,
        );
      const [found] = byPrefix;
      if (found === undefined) throw new NotFoundError(`network ${name} not found`);
      return found;
    },
    insert(record) {
      if (list().some(({ name }) => name === record.name))
        throw new ConflictError(`network with name ${record.name} already exists`);
      database
        .prepare('INSERT INTO networks (id, name, created, record) VALUES (?, ?, ?, ?)')
        .run(record.id, record.name, record.created, JSON.stringify(record));
    },
    update(record) {
      database.prepare('UPDATE networks SET record = ? WHERE id = ?').run(JSON.stringify(record), record.id);
    },
    delete(id) {
      database.prepare('DELETE FROM networks WHERE id = ?').run(id);
    },
  };
}

/** @throws {PermissionDeniedError} for a name that cannot be given or taken away */
export function refusePredefined(name: string, what: 'create' | 'remove'): void {
  if (!isPredefined(name)) return;
  throw new PermissionDeniedError(
    what === 'remove'
      ? `${name} is a pre-defined network and cannot be removed`
      : `operation is not permitted on predefined ${name} network`,
  );
}
