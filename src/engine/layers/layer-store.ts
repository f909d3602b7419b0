import type { LayerNeeds } from '#lib/erofs/layer-tree.ts';
import type { Digest } from '#oci/digest.ts';
import type { DedupeSummary } from '#api/dedupe.ts';
import type { DedupeOptions } from './dedupe/dedupe-layers.ts';
import type { Candidates } from './matcher.ts';

/**
 * How far a layer file is on its way to the disk. `settling`: whole and verified in memory, write-back under way; `durable`: on the disk;
 * `unproven`: found after a power cut while it was settling, and not yet hashed again; `damaged`: known not to be what its name says;
 * `donor`: no layer any more, kept because delta layers refer to ranges of it.
 */
export type LayerState = 'settling' | 'durable' | 'unproven' | 'damaged' | 'donor';

export interface LayerRecord {
  diffId: Digest;
  state: LayerState;
  /** Bytes of the uncompressed tar. */
  tarBytes: number;
  /** Bytes of all regular files of it. */
  contentBytes: number;
  /** Bytes that its file takes on the disk. */
  diskBytes: number;
  /** Layers in whose files some of its content lies, in the order of its device table. */
  donors: readonly Digest[];
  needs: LayerNeeds;
  /** When it came, milliseconds since epoch. */
  storedAt: number;
}

export interface IngestLayerOptions {
  /** The most that the tar may have, bytes. */
  limitBytes: number;
  signal?: AbortSignal | undefined;
  /** Where content may be found that need not be written again; what the store itself finds if absent. */
  candidates?: Candidates | undefined;
}

/** What is known of a tar that was read to its end. */
export interface HashedTar {
  diffId: Digest;
  tarBytes: number;
}

/** A layer that is whole on the disk under no name yet; gone when disposed without `commit`. */
export interface IngestedLayer extends AsyncDisposable {
  readonly diffId: Digest;
  readonly tarBytes: number;
  /** The tar, byte for byte. */
  read(): AsyncIterable<Uint8Array>;
  /** Gives it its name and record, in state `settling`; a layer of the same diffId is replaced, so that a damaged one heals. */
  commit(): Promise<LayerRecord>;
}

/** How the kernel gets at the trees of layers, best first; found out by trying, see `probe.ts`. */
export type MountForm = 'directio' | 'buffered' | 'loop' | 'directory';

/** What mount(2) needs of a layer. */
export interface LayerImage {
  path: string;
  /** Files of its donors, in the order of the device table. */
  devices: readonly string[];
}

/**
 * Layers by diffId, one file each: header, the uncompressed tar byte for byte, an EROFS index over it. Deduplicated ones keep only what no other
 * layer has. What is listed with `has` was verified by its hash.
 */
export interface LayerStore {
  /** Whether a layer is here, whole and proven. */
  has(diffId: Digest): boolean;
  /** The record in any state. */
  find(diffId: Digest): LayerRecord | undefined;
  list(): LayerRecord[];

  /**
   * Takes a layer tar in: hashes, checks and indexes it while it is written.
   * @throws {InvalidArgumentError} naming the entry, if it is broken or hostile; {TooLargeError}; {UnavailableError} when the disk is full; {CancelledError}.
   * Nothing is left behind.
   */
  ingest(tar: AsyncIterable<Uint8Array>, options: IngestLayerOptions): Promise<IngestedLayer>;
  /** The tar, all of it or from `start` to `end`, both included. @throws {NotFoundError}; {DataLossError} if it is damaged */
  read(diffId: Digest, range?: { start?: number; end?: number }): AsyncIterable<Uint8Array>;
  /** @throws {NotFoundError} */
  image(diffId: Digest): LayerImage;
  /** Bytes of a layer's file that other layers refer to; all of it if that cannot be told. @throws {NotFoundError} */
  lentBytes(diffId: Digest): number;

  /** The layer is gone at once, the space follows; as long as others have content in its file it stays as their donor. Nothing there is fine. */
  remove(diffId: Digest): Promise<void>;
  /** Marks one as not being what its name says, so that the next load or pull replaces it. */
  condemn(diffId: Digest, reason: string): void;

  /** Keeps content that several layers have once. @throws {CancelledError}; {UnavailableError} when the disk is full */
  dedupe(options: DedupeOptions): Promise<DedupeSummary>;

  /** Settles when every layer that is here is on the disk. */
  settled(): Promise<void>;
  /** Settles when what removed layers kept for nobody was given back to the disk. */
  freed(): Promise<void>;
  /** Settles when every layer that was unproven at the start was hashed again; those that failed are `damaged`. */
  proven(): Promise<void>;
}
