import type { Database } from '#lib/sqlite.ts';

/** A folder that `RUN --mount=type=cache` is given. */
export interface CacheMountRecord {
  /** Name of its folder. */
  folder: string;
  /** What counts when it is looked for: id, owner, mode and what it began with. */
  key: string;
  /** As the Dockerfile names it. */
  id: string;
  description: string;
  /** Undefined while it is in use, and until it was measured after that. */
  bytes: number | undefined;
  /** Milliseconds since epoch. */
  created: number;
  used: number;
  uses: number;
}

/** The table of cache mounts. */
export interface CacheMountRecords {
  list(): CacheMountRecord[];
  add(record: CacheMountRecord): void;
  /** It is taken into use: nobody knows its size any more. */
  use(folder: string, used: number): void;
  measured(folder: string, bytes: number): void;
  remove(folder: string): void;
}

export function createCacheMountRecords(database: Database): CacheMountRecords {
  const all = database.prepare('SELECT * FROM cache_mounts ORDER BY created, folder');
  const insert = database.prepare(
    'INSERT INTO cache_mounts (folder, key, id, description, bytes, created, used, uses) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const use = database.prepare('UPDATE cache_mounts SET used = ?, uses = uses + 1, bytes = NULL WHERE folder = ?');
  const measured = database.prepare('UPDATE cache_mounts SET bytes = ? WHERE folder = ?');
  const remove = database.prepare('DELETE FROM cache_mounts WHERE folder = ?');
  return {
    list: () => all.all().map(parseRow),
    add({ folder, key, id, description, bytes, created, used, uses }) {
      insert.run(folder, key, id, description, bytes ?? null, created, used, uses); // eslint-disable-line max-params -- one for each column
    },
    use: (folder, used) => void use.run(used, folder),
    measured: (folder, bytes) => void measured.run(bytes, folder),
    remove: (folder) => void remove.run(folder),
  };
}

function parseRow(row: Record<string, unknown>): CacheMountRecord {
  const { bytes } = row;
  return {
    folder: String(row['folder']),
    key: String(row['key']),
    id: String(row['id']),
    description: String(row['description']),
    bytes: typeof bytes === 'number' ? bytes : undefined,
    created: Number(row['created']),
    used: Number(row['used']),
    uses: Number(row['uses']),
  };
}
