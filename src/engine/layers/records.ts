import { type Database, transaction } from '#lib/sqlite.ts';
import type { Digest } from '#oci/digest.ts';
import type { LayerRecord, LayerState } from './layer-store.ts';

/** A layer as the database has it. */
export interface StoredLayer extends LayerRecord {
  /** Name of its file below the folder of layers. */
  file: string;
  /** Boot and mount in which it was written, see `witness.ts`. */
  witness: string;
}

/** The tables of layers. All verbs are done when they return. */
export interface LayerRecords {
  find(diffId: Digest): StoredLayer | undefined;
  list(): StoredLayer[];
  /** Layers whose files refer to ranges of this one's. */
  dependents(donor: Digest): Digest[];
  /** Adds a layer or replaces the one of the same diffId, which stays the donor of others. */
  put(layer: Omit<StoredLayer, 'storedAt'>): void;
  /** Nothing happens if the layer has another file by now. */
  setState(diffId: Digest, file: string, state: LayerState): void;
  /** What the file takes on the disk now. */
  setDiskBytes(diffId: Digest, file: string, bytes: number): void;
  /** A layer that is settling, in that file, is durable from now on. @param diskBytes that the file takes on the disk */
  settled(diffId: Digest, file: string, diskBytes: number): void;
  /** @throws if others refer to it */
  remove(diffId: Digest): void;
}

type Row = Record<string, unknown>;

export function createLayerRecords(database: Database): LayerRecords {
  const byDiffId = database.prepare('SELECT * FROM layers WHERE diff_id = ?');
  const all = database.prepare('SELECT * FROM layers ORDER BY created, diff_id');
  const donorsOf = database.prepare('SELECT donor FROM layer_donors WHERE layer = ? ORDER BY position');
  const dependentsOf = database.prepare('SELECT DISTINCT layer FROM layer_donors WHERE donor = ?');
  const setState = database.prepare('UPDATE layers SET state = ? WHERE diff_id = ? AND file = ?');
  const setDiskBytes = database.prepare('UPDATE layers SET disk_bytes = ? WHERE diff_id = ? AND file = ?');
  const settled = database.prepare(
    `UPDATE layers SET state = 'durable', disk_bytes = ? WHERE diff_id = ? AND file = ? AND state = 'settling'`,
  );
  const remove = database.prepare('DELETE FROM layers WHERE diff_id = ?');

  const parse = (row: Row): StoredLayer => {
    const diffId = row['diff_id'] as Digest;
    return {
      diffId,
      file: String(row['file']),
      state: row['state'] as LayerState,
      witness: String(row['witness']),
      tarBytes: Number(row['tar_bytes']),
      contentBytes: Number(row['content_bytes']),
      diskBytes: Number(row['disk_bytes']),
      needs: JSON.parse(String(row['needs'])) as StoredLayer['needs'],
      donors: donorsOf.all(diffId).map(({ donor }) => donor as Digest),
      storedAt: Number(row['created']),
    };
  };
  return {
    find(diffId) {
      const row = byDiffId.get(diffId);
      return row === undefined ? undefined : parse(row);
    },
    list: () => all.all().map(parse),
    dependents: (donor) => dependentsOf.all(donor).map(({ layer }) => layer as Digest),
    put: createPut(database),
    setState: (diffId, file, state) => void setState.run(state, diffId, file),
    setDiskBytes: (diffId, file, bytes) => void setDiskBytes.run(bytes, diffId, file),
    settled: (diffId, file, diskBytes) => void settled.run(diskBytes, diffId, file),
    remove: (diffId) => void remove.run(diffId),
  };
}

function createPut(database: Database): LayerRecords['put'] {
  const upsert = database.prepare(
    `INSERT INTO layers (diff_id, file, state, witness, tar_bytes, content_bytes, disk_bytes, needs, created)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
     ON CONFLICT (diff_id) DO UPDATE SET file = ?2, state = ?3, witness = ?4, tar_bytes = ?5, content_bytes = ?6, disk_bytes = ?7,
       needs = ?8, created = ?9`,
  );
  const forget = database.prepare('DELETE FROM layer_donors WHERE layer = ?');
  const addDonor = database.prepare('INSERT INTO layer_donors (layer, position, donor) VALUES (?, ?, ?)');
  return ({ diffId, file, state, witness, tarBytes, contentBytes, diskBytes, needs, donors }) => {
    transaction(database, () => {
      const described = JSON.stringify(needs);
      upsert.run(diffId, file, state, witness, tarBytes, contentBytes, diskBytes, described, Date.now());
      forget.run(diffId);
      for (const [position, donor] of donors.entries()) addDonor.run(diffId, position, donor);
    });
  };
}
