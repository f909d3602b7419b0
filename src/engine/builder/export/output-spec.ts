import type { ClientStore } from '../cache/cache-spec.ts';

/** One `--output`. */
export interface OutputSpec {
  type: 'image' | 'docker' | 'oci' | 'local' | 'tar' | 'cacheonly';
  /** As written behind the type: `name`, `push`, `compression`, `rewrite-timestamp`, `annotation.…`, … */
  attributes: ReadonlyMap<string, string>;
  /** Takes what does not go into a store: absent for `image` and `cacheonly`. */
  sink?: OutputSink;
  /** Takes the blobs of a layout, for `oci` with `tar=false`, where the client writes its index itself; `sink` takes the folder otherwise. */
  store?: ClientStore;
}

/** Where files of an output go: to the client, over whatever connects it. */
export interface OutputSink {
  /** An archive. Settles when the other side has all. @throws what broke the way */
  stream(bytes: AsyncIterable<Uint8Array>, metadata: ReadonlyMap<string, string>): Promise<void>;
  /** All below a folder, with modes, links and times. `keep` leaves what the other side has besides. */
  tree(folder: string, options: TreeOptions): Promise<void>;
}

export interface TreeOptions {
  keep: boolean;
  metadata: ReadonlyMap<string, string>;
  /** Every entry gets this time in place of its own, seconds since epoch. */
  time?: number;
}
