import type { HashedTar } from '#engine/layers/layer-store.ts';
import type { Usage } from '#lib/files/tree-usage.ts';
import type { Mount } from '#linux/mount.ts';
import type { Digest } from '#oci/digest.ts';

/** Name of a snapshot: a chain id for an image's layers, a container's id for its writable top, a step's key in a build. */
export type SnapshotName = string;

/** A path that differs from the parent, below the root of the snapshot, with a leading slash. */
export interface Change {
  path: string;
  kind: 'modified' | 'added' | 'deleted';
}

export interface SnapshotRecord {
  name: SnapshotName;
  parent: SnapshotName | undefined;
  kind: 'active' | 'view' | 'committed';
  /** Of a committed snapshot, once it is sealed. */
  diffId: Digest | undefined;
  /** Of a sealed one: bytes of its tar, whether it is written or not. */
  tarBytes: number | undefined;
  /** Bytes of its files. */
  bytes: number;
  /** `layer`: its tree is the mounted file of its layer; `directory`: a folder of its own. */
  form: 'layer' | 'directory';
}

/** Where the trees of a snapshot are on this host, as absolute paths. Those of layers are mounted only while they are in use. */
export interface SnapshotPaths {
  /** What the snapshot adds itself. */
  tree: string;
  /** Folder that overlayfs works in; of an active snapshot. */
  work: string | undefined;
  /** Of those below, uppermost first. */
  lower: readonly string[];
}

/**
 * File system trees that build on each other. `prepare` and `view` answer with the mounts as data; whoever needs the tree mounts them.
 * A committed snapshot never changes. A name is taken once, whatever the kind. `conformance.ts` is the contract as tests.
 */
export interface Snapshotter {
  /** As `docker info` shows it. */
  readonly driver: string;
  /** How trees are kept here, as pairs of names and values that `docker info` shows. */
  readonly status: readonly (readonly [name: string, value: string])[];

  /** @throws {NotFoundError} */
  stat(name: SnapshotName): Promise<SnapshotRecord>;
  list(): Promise<SnapshotRecord[]>;

  /**
   * Makes a committed snapshot `name` of a layer of the layer store laid over `parent` (OCI image-spec, layer.md#applying). It reads the layer's
   * index, not its bytes, where layers can be mounted. Is the name there already, nothing is done. Nothing of it stays when it fails.
   * @throws {NotFoundError} if the store has no such layer, whole; {InvalidArgumentError} for one that does not fit onto those below;
   * {UnavailableError} when the disk is full
   */
  stack(
    layer: { name: SnapshotName; parent: SnapshotName | undefined; diffId: Digest },
    options?: { signal?: AbortSignal | undefined },
  ): Promise<SnapshotRecord>;

  /** A writable snapshot over a committed one (or over nothing). @throws {ConflictError} if the name is taken */
  prepare(name: SnapshotName, parent: SnapshotName | undefined): Promise<Mount[]>;
  /** A read-only one. */
  view(name: SnapshotName, parent: SnapshotName): Promise<Mount[]>;
  /** What `prepare` or `view` answered, of a committed one a read-only view; the layers it needs are mounted once this returns. */
  mounts(name: SnapshotName): Promise<Mount[]>;
  /** Where the trees are. @throws {NotFoundError} */
  paths(name: SnapshotName): SnapshotPaths;
  /** Mount points of layers that nothing has use for; there are none unless something went wrong. */
  strayMounts(): string[];

  /** Turns an active snapshot, unmounted, into a committed one under another name. It is not sealed: it has no diffId yet. */
  commit(active: SnapshotName, name: SnapshotName): Promise<SnapshotRecord>;
  /** Tells the diffId of a committed snapshot and the bytes of the tar that it is the digest of. */
  seal(name: SnapshotName, layer: { diffId: Digest; tarBytes: number }): Promise<void>;
  /** Gives a committed snapshot another name (a step's key becomes a chain id); the old name stays usable if `keep`. */
  rename(name: SnapshotName, to: SnapshotName): Promise<void>;

  /**
   * Removes one that has no children; the tree leaves the name at once, the space follows.
   * @throws {ConflictError} if another builds on it; {NotFoundError}
   */
  remove(name: SnapshotName): Promise<void>;

  /** What a snapshot adds to its parent. */
  usage(name: SnapshotName): Promise<Usage>;
  /** What an active or committed snapshot changes against its parent, sorted by path. */
  changes(name: SnapshotName): AsyncIterable<Change>;
  /** The same as an uncompressed layer tar, with `.wh.` files for what is deleted. Equal trees give equal bytes; a stacked layer gives its own. */
  diff(name: SnapshotName): AsyncIterable<Uint8Array>;
  /** Digest and size of that tar of a committed one. Of a large tree another thread makes it. */
  hash(name: SnapshotName): Promise<HashedTar>;
}
