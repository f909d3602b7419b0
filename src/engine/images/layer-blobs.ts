import type { Database } from '#lib/sqlite.ts';
import type { Digest } from '#oci/digest.ts';
import type { Compression } from './compress-layer.ts';

/** What a layer is when compressed. */
export interface LayerBlob {
  digest: Digest;
  /** Bytes. */
  size: number;
}

/**
 * How layers came out when they were compressed. The blobs themselves are not kept: with their digests a registry can be asked for them
 * before they are made again.
 */
export interface LayerBlobs {
  find(diffId: Digest, compression: Compression): LayerBlob | undefined;
  /** How a blob of it was made; undefined for one that was made elsewhere. */
  compressionOf(diffId: Digest, digest: Digest): Compression | undefined;
  remember(diffId: Digest, compression: Compression, blob: LayerBlob): void;
}

const KEPT_MS = 180 * 24 * 60 * 60 * 1000;

export function createLayerBlobs(database: Database): LayerBlobs {
  database.prepare('DELETE FROM build_blobs WHERE used < ?').run(Date.now() - KEPT_MS);
  const find = database.prepare('SELECT digest, size FROM build_blobs WHERE diff_id = ? AND form = ?');
  const touch = database.prepare('UPDATE build_blobs SET used = ? WHERE diff_id = ? AND form = ?');
  const put = database.prepare(
    `INSERT INTO build_blobs (diff_id, form, digest, size, used) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (diff_id, form) DO UPDATE SET digest = excluded.digest, size = excluded.size, used = excluded.used`,
  );
  const forms = database.prepare('SELECT form FROM build_blobs WHERE diff_id = ? AND digest = ?');
  return {
    find(diffId, compression) {
      const row = find.get(diffId, formOf(compression));
      if (row === undefined) return undefined;
      touch.run(Date.now(), diffId, formOf(compression));
      return { digest: String(row['digest']) as Digest, size: Number(row['size']) };
    },
    compressionOf(diffId, digest) {
      const form = forms.all(diffId, digest).map((row) => String(row['form']));
      return form.map(parseForm).find((compression) => form.includes(formOf(compression)));
    },
    remember: (diffId, compression, { digest, size }) =>
      void put.run(diffId, formOf(compression), digest, size, Date.now()),
  };
}

/** Another version of a library may write other bytes. */
function formOf({ kind, level }: Compression): string {
  return `${kind}:${level}:${process.versions[kind === 'gzip' ? 'zlib' : 'zstd'] ?? ''}`;
}

function parseForm(form: string): Compression {
  const [kind, level] = form.split(':');
  return { kind: kind === 'zstd' ? 'zstd' : 'gzip', level: Number(level) };
}
