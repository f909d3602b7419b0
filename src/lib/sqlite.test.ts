import { mkdtempDisposable, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UnavailableError } from './errors.ts';
import { openDatabase, transaction } from './sqlite.ts';

const MIGRATIONS = ['CREATE TABLE words (word TEXT PRIMARY KEY) STRICT'];

test('what was written is there after the next opening, also when the log kept its space', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'sqlite-'));
  const path = join(folder.path, 'engine.db');
  const first = openDatabase(path, MIGRATIONS);
  first.prepare('INSERT INTO words VALUES (?)').run('one');
  expect((await stat(`${path}-wal`)).size).toBeGreaterThan(4 * 1024 * 1024);
  // As an engine that starts beside the remains of a killed one: the log is read and not closed.
  const second = openDatabase(path, MIGRATIONS);
  second.prepare('INSERT INTO words VALUES (?)').run('two');
  expect(first.prepare('SELECT word FROM words ORDER BY word').all()).toEqual([{ word: 'one' }, { word: 'two' }]);
  second.close();
  first.close();
  const third = openDatabase(path, MIGRATIONS);
  expect(third.prepare('SELECT count(*) AS count FROM words').get()).toEqual({ count: 2 });
  third.close();
});

test('a transaction within another is part of it', () => {
  const database = openDatabase(':memory:', MIGRATIONS);
  const insert = (word: string): void => void database.prepare('INSERT INTO words VALUES (?)').run(word);
  expect(() =>
    transaction(database, () => {
      transaction(database, () => insert('one'));
      insert('one');
    }),
  ).toThrow('UNIQUE');
  expect(database.prepare('SELECT * FROM words').all()).toEqual([]);
  transaction(database, () => insert('two'));
  expect(database.prepare('SELECT * FROM words').all()).toEqual([{ word: 'two' }]);
  database.close();
});

test('what a newer version wrote is refused', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'sqlite-'));
  const path = join(folder.path, 'engine.db');
  openDatabase(path, [...MIGRATIONS, 'SELECT 1']).close();
  expect(() => openDatabase(path, MIGRATIONS)).toThrow(UnavailableError);
});
