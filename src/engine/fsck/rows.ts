import type { Database } from '#lib/sqlite.ts';
import type { Digest } from '#oci/digest.ts';

/** A snapshot as its table has it. */
export interface SnapshotRow {
  name: string;
  parent: string | undefined;
  kind: 'active' | 'view' | 'committed';
  directory: string;
  diffId: Digest | undefined;
  form: 'directory' | 'layer';
}

/** Of the layers' table what a check compares with the files. */
export interface LayerRow {
  diffId: Digest;
  file: string;
}

export function snapshotRows(database: Database): SnapshotRow[] {
  return database
    .prepare('SELECT name, parent, kind, directory, diff_id, form FROM snapshots')
    .all()
    .map((row) => ({
      name: String(row['name']),
      parent: typeof row['parent'] === 'string' ? row['parent'] : undefined,
      kind: row['kind'] as SnapshotRow['kind'],
      directory: String(row['directory']),
      diffId: typeof row['diff_id'] === 'string' ? (row['diff_id'] as Digest) : undefined,
      form: row['form'] as SnapshotRow['form'],
    }));
}

export function layerRows(database: Database): LayerRow[] {
  return database
    .prepare('SELECT diff_id, file FROM layers')
    .all()
    .map((row) => ({ diffId: String(row['diff_id']) as Digest, file: String(row['file']) }));
}

/** Of the caches of builds what a check compares with the folders. */
export function cacheMountRows(database: Database): { folder: string; id: string }[] {
  return database
    .prepare('SELECT folder, id FROM cache_mounts')
    .all()
    .map((row) => ({ folder: String(row['folder']), id: String(row['id']) }));
}
