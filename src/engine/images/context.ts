import type { ContentStore } from '#engine/content/store.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { Events } from '#engine/events/events.ts';
import type { Snapshotter } from '#engine/snapshots/snapshotter.ts';
import type { Log } from '#lib/log.ts';
import type { Digest } from '#oci/digest.ts';
import type { ImageConfig } from '#oci/image-config.ts';
import type { Manifest } from '#oci/manifest.ts';
import type { Garbage } from './garbage.ts';
import type { LayerBlobs } from './layer-blobs.ts';
import type { ImageRecords } from './records.ts';

/** What the verbs of images work with. */
export interface ImagesContext {
  records: ImageRecords;
  /** Configs, manifests and indexes. */
  content: ContentStore;
  layers: LayerStore;
  snapshots: Snapshotter;
  garbage: Garbage;
  blobs: LayerBlobs;
  events: Events;
  log: Log;
  /** Documents of known images, which never change. */
  documents: Map<Digest, ImageDocuments>;
}

export interface ImageDocuments {
  manifest: Manifest;
  config: ImageConfig;
  /** Bytes of all layers. */
  size: number;
}
