import type { Database } from '#lib/sqlite.ts';
import type { AskedPackages } from '#ml/packages/asked-packages.ts';

/** What a step was asked to install the last time, by the place it stands at. */
export interface FormerInstalls {
  find(slot: string): { step: string; asked: AskedPackages } | undefined;
  put(slot: string, former: { step: string; asked: AskedPackages }): void;
}

/** Opens the table, and forgets what belongs to steps that are gone. */
export function openFormerInstalls(database: Database): FormerInstalls {
  database.exec('DELETE FROM build_installs WHERE step NOT IN (SELECT key FROM build_steps)');
  const one = database.prepare('SELECT step, asked FROM build_installs WHERE slot = ?');
  const insert = database.prepare(
    `INSERT INTO build_installs (slot, step, asked) VALUES (?, ?, ?)
     ON CONFLICT (slot) DO UPDATE SET step = excluded.step, asked = excluded.asked`,
  );
  return {
    find(slot) {
      const row = one.get(slot);
      if (row === undefined) return undefined;
      return { step: String(row['step']), asked: JSON.parse(String(row['asked'])) as AskedPackages };
    },
    put: (slot, { step, asked }) => void insert.run(slot, step, JSON.stringify(asked)),
  };
}
