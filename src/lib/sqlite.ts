import { DatabaseSync } from 'node:sqlite';
import { UnavailableError } from './errors.ts';

export type Database = DatabaseSync;

/**
 * Opens the engine's database and brings it up to date: `migrations[n]` takes it from `user_version` n to n + 1.
 * @throws {UnavailableError} if a newer program wrote it
 */
export function openDatabase(path: string, migrations: readonly string[]): Database {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000');
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > migrations.length) {
    database.close();
    throw new UnavailableError(`${path} was written by a newer version (schema ${version})`, {
      why: `this version knows schemas up to ${migrations.length}`,
      hint: 'start the newer version, or choose another --data-root',
    });
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    transaction(database, () => database.exec(`${sql}; PRAGMA user_version=${index + 1}`));
  }
  return database;
}

/** Runs `work` as one transaction; rolls back if it throws. `work` must not await. */
export function transaction<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
