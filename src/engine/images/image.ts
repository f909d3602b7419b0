import type { Descriptor } from '#oci/descriptor.ts';
import type { SnapshotName } from '#engine/snapshots/snapshotter.ts';
import type { ChainId } from '#oci/chain-id.ts';
import type { Digest } from '#oci/digest.ts';
import type { ImageConfig } from '#oci/image-config.ts';
import type { Manifest } from '#oci/manifest.ts';

/** An image that is whole in this store: its documents in the content store, its layers as snapshots. */
export interface Image {
  /** Digest of its config: the `Id` that every client sees. */
  id: Digest;
  /** What it came as: a manifest, or an index with children by platform; its bytes are in the content store. */
  root: Descriptor;
  manifest: Descriptor & { document: Manifest };
  config: ImageConfig;
  /** Snapshot that holds all its layers; undefined for an image without layers. */
  top: ChainId | undefined;
  /** Familiar names with tag (`python:3.11-slim`), sorted. */
  tags: string[];
  /** Familiar names with digest, sorted. */
  digests: string[];
  /** Sum of the uncompressed layers, bytes. */
  size: number;
  /** Milliseconds since epoch at which it came into this store or was last tagged. */
  storedAt: number;
}

export interface AddImageOptions {
  tags?: readonly string[];
  digests?: readonly string[];
  /** The root takes the place of the one that an image of the same config came as before. */
  isReplacing?: boolean;
}

/** What other nouns (containers, builds) need of the image store. */
export interface ImageStore {
  /**
   * Finds by tag, id, id prefix, or digest of config, manifest or index.
   * @throws {NotFoundError} `No such image: x:latest`; {InvalidArgumentError} for an ambiguous prefix
   */
  get(name: string): Promise<Image>;
  list(): Promise<Image[]>;
  /**
   * Records an image whose documents are in the content store and whose layers are stacked; idempotent. Each tag moves to it.
   * @throws {DataLossError} if a blob or layer it names is not there: no image is listed that is not whole
   */
  add(image: { root: Descriptor; manifest: Descriptor }, options?: AddImageOptions): Promise<Image>;
  tag(name: string, newTag: string): Promise<void>;
  /**
   * Keeps an image's blobs and layers from being removed while it is worked with; release by disposing.
   * @throws {NotFoundError}
   */
  hold(id: Digest): Promise<Disposable>;
  /**
   * Waits while layers below a snapshot are hashed again, after a power cut.
   * @throws {DataLossError} if one is not what it was
   */
  awaitLayers(name: SnapshotName): Promise<void>;
  /** Keeps all blobs and layers while an operation puts an image together of which no record exists yet; release by disposing. */
  lease(): Disposable;
}
