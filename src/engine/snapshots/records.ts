import { ConflictError, NotFoundError } from '#lib/errors.ts';
import type { Database } from '#lib/sqlite.ts';
import { transaction } from '#lib/sqlite.ts';
import type { Digest } from '#oci/digest.ts';
import type { SnapshotName, SnapshotRecord } from './snapshotter.ts';

/** A snapshot as it is recorded. */
export interface StoredSnapshot extends SnapshotRecord {
  /** Name of its folder; one with `NO_FOLDER` in front stands for none. */
  directory: string;
  /** Of a committed tree that may not be on the disk yet: boot and mount in which it was written. */
  witness?: string | undefined;
}

/** Begins the name of a folder that is not there: a layer that needs nothing of those below is its mounted file alone. */
export const NO_FOLDER = 'none-';

/** The table of snapshots. */
export interface SnapshotRecords {
  find(name: SnapshotName): StoredSnapshot | undefined;
  /** @throws {NotFoundError} */
  get(name: SnapshotName): StoredSnapshot;
  list(): StoredSnapshot[];
  /** The record and those it builds on, uppermost first. */
  chain(name: SnapshotName): StoredSnapshot[];
  hasChildren(name: SnapshotName): boolean;
  /** Name that the snapshot in a folder has now. */
  nameOf(directory: string): SnapshotName | undefined;
  /** Whether the tree of any snapshot is this layer's file. */
  usesLayer(diffId: Digest): boolean;
  /** @throws {ConflictError} if the name is taken */
  add(record: StoredSnapshot): void;
  /** An active snapshot becomes a committed one under another name. @throws {ConflictError} if that is taken */
  commit(active: SnapshotName, to: { name: SnapshotName; bytes: number; witness: string }): void;
  /** The tree in a folder is on the disk. */
  settled(directory: string): void;
  seal(name: SnapshotName, layer: { diffId: Digest; tarBytes: number }): void;
  /** A layer that cannot be mounted here any more has been unpacked into a folder. */
  unpacked(name: SnapshotName, directory: string): void;
  rename(name: SnapshotName, to: SnapshotName): void;
  /** @throws {ConflictError} if another builds on it */
  remove(name: SnapshotName): void;
}

type Row = Record<string, unknown>;

export function createSnapshotRecords(database: Database): SnapshotRecords {
  const reads = createReads(database);
  return { ...reads, ...createWrites(database, reads) };
}

type Reads = Pick<SnapshotRecords, 'find' | 'get' | 'list' | 'chain' | 'hasChildren' | 'nameOf' | 'usesLayer'>;

function createReads(database: Database): Reads {
  const byName = database.prepare('SELECT * FROM snapshots WHERE name = ?');
  const byDirectory = database.prepare('SELECT name FROM snapshots WHERE directory = ?');
  const all = database.prepare('SELECT * FROM snapshots ORDER BY created, name');
  const child = database.prepare('SELECT 1 FROM snapshots WHERE parent = ? LIMIT 1');
  const chainOf = database.prepare(
    `WITH RECURSIVE chain(name, depth) AS (
       SELECT ?1, 0 UNION ALL SELECT s.parent, depth + 1 FROM snapshots s JOIN chain c ON s.name = c.name WHERE s.parent IS NOT NULL
     ) SELECT s.* FROM chain c JOIN snapshots s ON s.name = c.name ORDER BY c.depth`,
  );
  const ofLayer = database.prepare("SELECT 1 FROM snapshots WHERE diff_id = ? AND form = 'layer' LIMIT 1");
  const find = (name: SnapshotName): StoredSnapshot | undefined => {
    const row = byName.get(name);
    return row === undefined ? undefined : parseRow(row);
  };
  return {
    find,
    get(name) {
      const record = find(name);
      if (record === undefined) throw new NotFoundError(`no such snapshot: ${name}`);
      return record;
    },
    list: () => all.all().map(parseRow),
    chain: (name) => chainOf.all(name).map(parseRow),
    hasChildren: (name) => child.get(name) !== undefined,
    nameOf: (directory) => byDirectory.get(directory)?.['name'] as SnapshotName | undefined,
    usesLayer: (diffId) => ofLayer.get(diffId) !== undefined,
  };
}

function createWrites(database: Database, { find, get, hasChildren }: Reads): Omit<SnapshotRecords, keyof Reads> {
  const insert = database.prepare(
    'INSERT INTO snapshots (name, parent, kind, directory, diff_id, bytes, created, form, tar_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const refuseTaken = (name: SnapshotName): void => {
    if (find(name) !== undefined) throw new ConflictError(`snapshot ${name} exists already`);
  };
  return {
    add({ name, parent, kind, directory, diffId, bytes, form, tarBytes }) {
      refuseTaken(name);
      // prettier-ignore
      insert.run(name, parent ?? null, kind, directory, diffId ?? null, bytes, Date.now(), form, tarBytes ?? null); // eslint-disable-line max-params -- one for each column
    },
    commit(active, { name, bytes, witness }) {
      refuseTaken(name);
      database
        .prepare(`UPDATE snapshots SET name = ?, kind = 'committed', bytes = ?, witness = ? WHERE name = ?`)
        .run(name, bytes, witness, active); // eslint-disable-line max-params -- one for each column
    },
    settled: (directory) =>
      void database.prepare('UPDATE snapshots SET witness = NULL WHERE directory = ?').run(directory),
    seal(name, { diffId, tarBytes }) {
      get(name);
      database.prepare('UPDATE snapshots SET diff_id = ?, tar_bytes = ? WHERE name = ?').run(diffId, tarBytes, name);
    },
    unpacked(name, directory) {
      get(name);
      database.prepare("UPDATE snapshots SET form = 'directory', directory = ? WHERE name = ?").run(directory, name);
    },
    rename(name, to) {
      get(name);
      refuseTaken(to);
      transaction(database, () => {
        database.prepare('UPDATE snapshots SET name = ? WHERE name = ?').run(to, name);
        database.prepare('UPDATE snapshots SET parent = ? WHERE parent = ?').run(to, name);
      });
    },
    remove(name) {
      get(name);
      if (hasChildren(name)) throw new ConflictError(`snapshot ${name} is in use: others build on it`);
      database.prepare('DELETE FROM snapshots WHERE name = ?').run(name);
    },
  };
}

function parseRow(row: Row): StoredSnapshot {
  return {
    name: String(row['name']),
    parent: typeof row['parent'] === 'string' ? row['parent'] : undefined,
    kind: row['kind'] as StoredSnapshot['kind'],
    directory: String(row['directory']),
    diffId: typeof row['diff_id'] === 'string' ? (row['diff_id'] as Digest) : undefined,
    tarBytes: typeof row['tar_bytes'] === 'number' ? row['tar_bytes'] : undefined,
    bytes: Number(row['bytes']),
    form: row['form'] === 'layer' ? 'layer' : 'directory',
    witness: typeof row['witness'] === 'string' ? row['witness'] : undefined,
  };
}
