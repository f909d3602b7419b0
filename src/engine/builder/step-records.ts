import type { SnapshotName } from '#engine/snapshots/snapshotter.ts';
import type { Database } from '#lib/sqlite.ts';
import type { Digest } from '#oci/digest.ts';

/** A step that was done once. */
export interface StepRecord {
  key: string;
  /** What it left; undefined for a step that changed no file. */
  snapshot: SnapshotName | undefined;
  /** Of the snapshot, once it is known. */
  diffId: Digest | undefined;
  description: string;
  /** Milliseconds since epoch. */
  created: number;
  used: number;
}

/** The table of steps. */
export interface StepRecords {
  find(key: string): StepRecord | undefined;
  list(): StepRecord[];
  put(step: Omit<StepRecord, 'used'>): void;
  touch(key: string): void;
  seal(snapshot: SnapshotName, diffId: Digest): void;
  /** Follows a snapshot that got another name, or gave way to one with the same content. */
  rename(snapshot: SnapshotName, to: SnapshotName): void;
  remove(key: string): void;
}

export function createStepRecords(database: Database): StepRecords {
  const byKey = database.prepare('SELECT * FROM build_steps WHERE key = ?');
  const all = database.prepare('SELECT * FROM build_steps ORDER BY used');
  const insert = database.prepare(
    `INSERT INTO build_steps (key, snapshot, diff_id, description, created, used) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET snapshot = excluded.snapshot, diff_id = excluded.diff_id, description = excluded.description,
       created = excluded.created, used = excluded.used`,
  );
  const touch = database.prepare('UPDATE build_steps SET used = ? WHERE key = ?');
  const seal = database.prepare('UPDATE build_steps SET diff_id = ? WHERE snapshot = ?');
  const rename = database.prepare('UPDATE build_steps SET snapshot = ? WHERE snapshot = ?');
  const remove = database.prepare('DELETE FROM build_steps WHERE key = ?');
  return {
    find(key) {
      const row = byKey.get(key);
      return row === undefined ? undefined : parseRow(row);
    },
    list: () => all.all().map(parseRow),
    put: ({ key, snapshot, diffId, description, created }) =>
      void insert.run(key, snapshot ?? '', diffId ?? '', description, created, Date.now()),
    touch: (key) => void touch.run(Date.now(), key),
    seal: (snapshot, diffId) => void seal.run(diffId, snapshot),
    rename: (snapshot, to) => void rename.run(to, snapshot),
    remove: (key) => void remove.run(key),
  };
}

function parseRow(row: Record<string, unknown>): StepRecord {
  const snapshot = String(row['snapshot']);
  const diffId = String(row['diff_id']);
  return {
    key: String(row['key']),
    snapshot: snapshot === '' ? undefined : snapshot,
    diffId: diffId === '' ? undefined : (diffId as Digest),
    description: String(row['description']),
    created: Number(row['created']),
    used: Number(row['used']),
  };
}
