import type { SnapshotName } from '#engine/snapshots/snapshotter.ts';
import type { Database } from '#lib/sqlite.ts';
import type { StepInput } from '../steps/step.ts';
import type { Digest } from '#oci/digest.ts';

/** A step that was done once. */
export interface StepRecord {
  key: string;
  /** What it left; undefined for a step that changed no file. */
  snapshot: SnapshotName | undefined;
  /** Of the snapshot, once it is known. */
  diffId: Digest | undefined;
  /** Of its layers, as the history has them; bottom first. */
  titles: readonly string[];
  /** What it depended on. */
  inputs: readonly StepInput[];
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
    `INSERT INTO build_steps (key, snapshot, diff_id, titles, inputs, description, created, used) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET snapshot = excluded.snapshot, diff_id = excluded.diff_id, titles = excluded.titles,
       inputs = excluded.inputs, description = excluded.description,
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
    put: ({ key, snapshot, diffId, titles, inputs, description, created }) =>
      void insert.run(
        key,
        snapshot ?? '',
        diffId ?? '',
        JSON.stringify(titles),
        writeInputs(inputs),
        description,
        created,
        Date.now(),
      ),
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
    titles: JSON.parse(String(row['titles'])) as string[],
    inputs: readInputs(String(row['inputs'])),
    description: String(row['description']),
    created: Number(row['created']),
    used: Number(row['used']),
  };
}

function writeInputs(inputs: readonly StepInput[]): string {
  return JSON.stringify(inputs, (_, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value));
}

function readInputs(text: string): StepInput[] {
  const rows = JSON.parse(text) as { name: string; value: unknown; files?: Record<string, string> }[];
  return rows.map(({ name, value, files }) => ({
    name,
    value,
    ...(files !== undefined && { files: new Map(Object.entries(files)) }),
  }));
}
