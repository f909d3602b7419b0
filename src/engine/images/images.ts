import type { ContentStore } from '#engine/content/store.ts';
import type { Events } from '#engine/events/events.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { Snapshotter } from '#engine/snapshots/snapshotter.ts';
import type { Log } from '#lib/log.ts';
import type { Database } from '#lib/sqlite.ts';
import { addImage } from './add-image.ts';
import { adoptBlobs } from './adopt-blobs.ts';
import { awaitLayers } from './await-layers.ts';
import type { ImagesContext } from './context.ts';
import { findImage } from './find-image.ts';
import { dropBroken } from './drop-broken.ts';
import { createGarbage } from './garbage.ts';
import { getImage } from './get-image.ts';
import type { ImageStore } from './image.ts';
import { createLayerBlobs } from './layer-blobs.ts';
import { listWhole } from './list-whole.ts';
import { createImageRecords } from './records.ts';
import { tagImage } from './tag-image.ts';

/** The image store with what its verbs (`loadImages`, `removeImage`, …) work with. */
export interface Images extends ImageStore {
  readonly context: ImagesContext;
  /** Settles when each image that was not proven at the start is listed, or was dropped. */
  proven(): Promise<void>;
}

export interface ImagesDeps {
  database: Database;
  content: ContentStore;
  layers: LayerStore;
  snapshots: Snapshotter;
  events: Events;
  log: Log;
}

/** Opens the image store. Records of images that are not whole any more are dropped with a warning, those not proven yet are not listed. */
export async function openImages({ database, ...stores }: ImagesDeps): Promise<Images> {
  const records = createImageRecords(database);
  const garbage = createGarbage({ records, ...stores });
  const context: ImagesContext = {
    records,
    garbage,
    blobs: createLayerBlobs(database),
    ...stores,
    documents: new Map(),
  };
  await adoptBlobs(context);
  const waits = await dropBroken(context);
  const proven = waits ? dropUnproven(context) : Promise.resolve();
  return {
    context,
    proven: () => proven,
    get: (name) => getImage(context, name),
    list: () => listWhole(context),
    add: (image, options) => addImage(context, image, options),
    tag: (name, newTag) => tagImage(context, name, newTag),
    async hold(id) {
      findImage(context, id);
      return garbage.lease();
    },
    lease: () => garbage.lease(),
    async awaitLayers(name) {
      if (waits) await awaitLayers(context, name);
    },
  };
}

/** Looks once more when everything was hashed again. */
async function dropUnproven(context: ImagesContext): Promise<void> {
  const { layers, garbage, log } = context;
  try {
    await layers.proven();
    await dropBroken(context);
    await garbage.collect();
  } catch (error) {
    log.error('images could not be looked at again', { error: String(error) });
  }
}
