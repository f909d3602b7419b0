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
  write(blob: { digest: string; mediaType: string; size: number }, bytes: AsyncIterable<Uint8Array>): Promise<void>;
}
