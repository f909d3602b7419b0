import type { ContentStore } from '#engine/content/store.ts';
import type { Events } from '#engine/events/events.ts';
import type { Snapshotter } from '#engine/snapshots/snapshotter.ts';
import { DataLossError } from '#lib/errors.ts';
import type { Log } from '#lib/log.ts';
import type { Database } from '#lib/sqlite.ts';
import { addImage } from './add-image.ts';
import type { ImagesContext } from './context.ts';
import { findImage } from './find-image.ts';
import { createGarbage } from './garbage.ts';
import type { Image, ImageStore } from './image.ts';
import { readImage } from './read-image.ts';
import { createImageRecords, type ImageRecord } from './records.ts';
import { tagImage } from './tag-image.ts';

/** The image store with what its verbs (`loadImages`, `removeImage`, …) work with. */
export interface Images extends ImageStore {
  readonly context: ImagesContext;
}

/** Opens the image store. Records of images that are not whole any more are dropped with a warning. */
export async function openImages({
  database,
  content,
  snapshots,
  events,
  log,
}: {
  database: Database;
  content: ContentStore;
  snapshots: Snapshotter;
  events: Events;
  log: Log;
}): Promise<Images> {
  const records = createImageRecords(database);
  const garbage = createGarbage({ records, content, snapshots, log });
  const context: ImagesContext = { records, content, snapshots, garbage, events, log, documents: new Map() };
  await dropBroken(context);
  return {
    context,
    get: async (name) => readImage(context, findImage(context, name)),
    async list() {
      const images: Image[] = [];
      for (const record of records.list()) {
        // Removed while the others were read.
        if (records.find(record.id) !== undefined) images.push(await readImage(context, record));
      }
      return images;
    },
    add: (image, options) => addImage(context, image, options),
    tag: (name, newTag) => tagImage(context, name, newTag),
    async hold(id) {
      findImage(context, id);
      return garbage.lease();
    },
    lease: () => garbage.lease(),
  };
}

async function dropBroken(context: ImagesContext): Promise<void> {
  for (const record of context.records.list()) {
    try {
      await verifyWhole(context, record);
    } catch (error) {
      context.log.warn('image is not whole and was dropped', { image: record.id, error: String(error) });
      context.records.remove(record.id);
      context.documents.delete(record.id);
    }
  }
}

/** @throws {DataLossError} */
async function verifyWhole(context: ImagesContext, record: ImageRecord): Promise<void> {
  const { config } = await readImage(context, record);
  for (const diffId of config.rootfs.diff_ids)
    if (!(await context.content.has(diffId))) throw new DataLossError(`layer ${diffId} is missing`);
}
