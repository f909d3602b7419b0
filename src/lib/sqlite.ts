import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { UnavailableError } from './errors.ts';
import { fullDisk } from './full-disk.ts';

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
  if (database.location() !== null) reserveLog(`${path}-wal`);
  return database;
}

/** Somewhat more than what the write-ahead log holds before SQLite moves it into the database (1000 pages of 4 KiB). */
const LOG_BYTES = 4.25 * 1024 * 1024;

/**
 * Gives the write-ahead log its space in advance: on a disk that is full, records can still be written, above all those of what is
 * removed to free space. SQLite takes the zeros for what they are, the end of the log.
 */
function reserveLog(path: string): void {
  const file = openSync(path, 'a', 0o600);
  try {
    const missing = LOG_BYTES - fstatSync(file).size;
    if (missing > 0) writeSync(file, Buffer.alloc(missing));
  } catch (error) {
    if (fullDisk(error) === undefined) throw error;
  } finally {
    closeSync(file);
  }
}

/** Runs `work` as one transaction, or as part of the one under way; rolls back if it throws. `work` must not await. */
export function transaction<T>(database: Database, work: () => T): T {
  if (database.isTransaction) return work();
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk makes SQLite roll back by itself.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
