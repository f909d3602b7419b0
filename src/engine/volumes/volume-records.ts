import { NotFoundError } from '#lib/errors.ts';
import type { Database } from '#lib/sqlite.ts';
import type { VolumeRecord } from './volumes.ts';

/** The volumes of the database. */
export interface VolumeRecords {
  list(): VolumeRecord[];
  find(name: string): VolumeRecord | undefined;
  /** @throws {NotFoundError} `get x: no such volume` */
  get(name: string): VolumeRecord;
  /** One that is there already stays as it is. */
  insert(record: VolumeRecord): void;
  delete(name: string): void;
}

export function openVolumeRecords(database: Database): VolumeRecords {
  const find = (name: string): VolumeRecord | undefined => {
    const row = database.prepare('SELECT record FROM volumes WHERE name = ?').get(name);
    return row === undefined ? undefined : parse(row['record']);
  };
  return {
    find,
    list: () =>
      database
        .prepare('SELECT record FROM volumes ORDER BY name')
        .all()
        .map((row) => parse(row['record'])),
    get(name) {
      const record = find(name);
      if (record === undefined) throw new NotFoundError(`get ${name}: no such volume`);
      return record;
    },
    insert(record) {
      database
        .prepare('INSERT INTO volumes (name, created, record) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
        .run(record.name, record.created, JSON.stringify(record));
    },
    delete(name) {
      database.prepare('DELETE FROM volumes WHERE name = ?').run(name);
    },
  };
}

function parse(record: unknown): VolumeRecord {
  return JSON.parse(String(record)) as VolumeRecord;
}
