import { type Check, type Step, tell } from './check.ts';

const LINES_SHOWN = 5;

/** Looks at the database as SQLite does: pages, indexes, and rows that refer to rows which are not there. */
export async function* checkDatabase(check: Check): AsyncGenerator<Step> {
  yield { phase: 'database' };
  const { database } = check.deps;
  const rows = database.prepare('PRAGMA integrity_check(100)').all();
  const lines = rows.map((row) => String(row['integrity_check'])).filter((line) => line !== 'ok');
  if (lines.length > 0)
    yield await tell(
      check,
      {
        kind: 'database',
        subject: 'engine.db',
        what: 'the database of the engine is damaged',
        why: lines.slice(0, LINES_SHOWN).join('; '),
        fix: 'stop the engine, put engine.db back from a backup, and start it: layers are found again by their files',
      },
      () => {
        database.exec('REINDEX');
        const left = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
        if (left !== 'ok') throw new Error(String(left));
        return 'its indexes were made anew';
      },
    );
  for (const row of database.prepare('PRAGMA foreign_key_check').all()) {
    const [table, id, parent] = [String(row['table']), Number(row['rowid']), String(row['parent'])];
    const isName = table === 'tags' || table === 'digests';
    yield await tell(
      check,
      {
        kind: 'database',
        subject: `${table} ${id}`,
        what: `row ${id} of the table ${table} refers to a row of ${parent} that is not there`,
        why: 'the two were not written together: an older copy of the database, or damage',
        fix: isName ? 'run `berth fsck --repair`, which removes the name' : 'run `berth fsck` without --fast to see what lacks', // prettier-ignore
      },
      isName
        ? () => {
            database.prepare(`DELETE FROM ${table} WHERE rowid = ?`).run(id);
            return 'the name was removed';
          }
        : undefined,
    );
  }
}
