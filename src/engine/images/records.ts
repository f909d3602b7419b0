import { type Database, transaction } from '#lib/sqlite.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';

export interface ImageRecord {
  id: Digest;
  root: Descriptor;
  manifest: Descriptor;
  /** Milliseconds since epoch. */
  created: number;
}

/** Names of images: canonical (`docker.io/library/x:latest`, `docker.io/library/x@sha256:…`), sorted. */
export interface ImageNames {
  tags: string[];
  digests: string[];
  /** When the last tag came, milliseconds since epoch. */
  tagged: number;
}

/** The tables of images, tags and digests. */
export interface ImageRecords {
  find(id: Digest): ImageRecord | undefined;
  list(): ImageRecord[];
  names(id: Digest): ImageNames;
  /** Image that has this canonical name with tag or digest. */
  named(name: string): Digest | undefined;
  /** Ids that begin with these hexadecimal digits, at most two. */
  withPrefix(hex: string): Digest[];
  /** Records an image and moves names to it. */
  put(record: ImageRecord, names: { tags: readonly string[]; digests: readonly string[] }): void;
  setTag(name: string, id: Digest): void;
  removeName(name: string): void;
  remove(id: Digest): void;
  /** All changes that `work` makes, or none; it must not await. */
  atomically<T>(work: () => T): T;
}

export function createImageRecords(database: Database): ImageRecords {
  const byId = database.prepare('SELECT * FROM images WHERE id = ?');
  const all = database.prepare('SELECT * FROM images ORDER BY created DESC, id');
  const tagsOf = database.prepare('SELECT name, updated FROM tags WHERE image = ? ORDER BY name');
  const digestsOf = database.prepare('SELECT name FROM digests WHERE image = ? ORDER BY name');
  const tag = database.prepare('SELECT image FROM tags WHERE name = ?');
  const digest = database.prepare('SELECT image FROM digests WHERE name = ?');
  const prefix = database.prepare('SELECT id FROM images WHERE id >= ? AND id < ? LIMIT 2');
  const setTag = database.prepare(
    'INSERT INTO tags (name, image, updated) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET image = excluded.image, updated = excluded.updated',
  );
  const setDigest = database.prepare(
    'INSERT INTO digests (name, image) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET image = excluded.image',
  );
  const insert = database.prepare(
    'INSERT INTO images (id, root, manifest, created) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET root = excluded.root, manifest = excluded.manifest',
  );
  return {
    find: (id) => parseOptional(byId.get(id)),
    list: () => all.all().map(parseRow),
    names(id) {
      const tags = tagsOf.all(id);
      return {
        tags: tags.map((row) => String(row['name'])),
        digests: digestsOf.all(id).map((row) => String(row['name'])),
        tagged: Math.max(0, ...tags.map((row) => Number(row['updated']))),
      };
    },
    named: (name) => (tag.get(name)?.['image'] ?? digest.get(name)?.['image']) as Digest | undefined,
    withPrefix: (hex) => prefix.all(`sha256:${hex}`, `sha256:${hex}g`).map((row) => String(row['id']) as Digest),
    put({ id, root, manifest, created }, { tags, digests }) {
      transaction(database, () => {
        insert.run(id, JSON.stringify(root), JSON.stringify(manifest), created);
        for (const name of tags) setTag.run(name, id, Date.now());
        for (const name of digests) setDigest.run(name, id);
      });
    },
    setTag: (name, id) => void setTag.run(name, id, Date.now()),
    removeName(name) {
      transaction(database, () => {
        database.prepare('DELETE FROM tags WHERE name = ?').run(name);
        database.prepare('DELETE FROM digests WHERE name = ?').run(name);
      });
    },
    atomically: (work) => transaction(database, work),
    remove: (id) => void database.prepare('DELETE FROM images WHERE id = ?').run(id),
  };
}

function parseOptional(row: Record<string, unknown> | undefined): ImageRecord | undefined {
  return row === undefined ? undefined : parseRow(row);
}

function parseRow(row: Record<string, unknown>): ImageRecord {
  return {
    id: String(row['id']) as Digest,
    root: JSON.parse(String(row['root'])) as Descriptor,
    manifest: JSON.parse(String(row['manifest'])) as Descriptor,
    created: Number(row['created']),
  };
}
