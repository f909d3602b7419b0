import type { Descriptor } from '#oci/descriptor.ts';

/** One `--cache-from` or `--cache-to`. */
export interface CacheSpec {
  type: 'inline' | 'registry' | 'local';
  /** As written behind the type: `ref`, `mode`, `src`, `dest`, `compression`, … */
  attributes: ReadonlyMap<string, string>;
  /** For `local`: where the client keeps it. */
  store?: ClientStore;
}

/** Blobs and named descriptors (an `index.json`) on the client's side. */
export interface ClientStore {
  /** The root that a tag or digest names; undefined if there is none. */
  root(name: string): Promise<Uint8Array | undefined>;
  /** @throws {NotFoundError} */
  read(digest: string): AsyncIterable<Uint8Array>;
  /** Whether a blob is there; absent where that is found out by writing it. */
  has?(digest: string): Promise<boolean>;
  /** Gives a document a name; absent where the client does that itself. */
  tag?(name: string, root: Descriptor): Promise<void>;
  write(blob: { digest: string; mediaType: string; size: number }, bytes: AsyncIterable<Uint8Array>): Promise<void>;
}
