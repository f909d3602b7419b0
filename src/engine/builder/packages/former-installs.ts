import type { Database } from '#lib/sqlite.ts';
import type { AskedPackages } from '#ml/packages/asked-packages.ts';

/** What a step was asked to install, and its key. */
export interface FormerInstall {
  step: string;
  asked: AskedPackages;
}

/** What steps were asked to install earlier, by the place they stand at. */
export interface FormerInstalls {
  /** The latest first. */
  find(slot: string): FormerInstall[];
  put(slot: string, former: FormerInstall): void;
}

/** As many are remembered of a place: projects on the same base image share one. */
const REMEMBERED = 16;

/** Opens the table, and forgets what belongs to steps that are gone. */
export function openFormerInstalls(database: Database): FormerInstalls {
  database.exec('DELETE FROM build_installs WHERE step NOT IN (SELECT key FROM build_steps)');
  const all = database.prepare('SELECT step, asked FROM build_installs WHERE slot = ? ORDER BY used DESC');
  const insert = database.prepare(
    `INSERT INTO build_installs (slot, asked, step, used) VALUES (?, ?, ?, ?)
     ON CONFLICT (slot, asked) DO UPDATE SET step = excluded.step, used = excluded.used`,
  );
  const trim = database.prepare(
    `DELETE FROM build_installs WHERE slot = ?1
       AND asked NOT IN (SELECT asked FROM build_installs WHERE slot = ?1 ORDER BY used DESC LIMIT ${REMEMBERED})`,
  );
  return {
    find: (slot) =>
      all
        .all(slot)
        .map((row) => ({ step: String(row['step']), asked: JSON.parse(String(row['asked'])) as AskedPackages })),
    put(slot, { step, asked }) {
      insert.run(slot, JSON.stringify(asked), step, Date.now()); // eslint-disable-line max-params -- one for each column
      trim.run(slot);
    },
  };
}
