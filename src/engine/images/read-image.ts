import { DataLossError, NotFoundError } from '#lib/errors.ts';
import { chainIds } from '#oci/chain-id.ts';
import { familiarName, parseReference } from '#oci/reference.ts';
import type { ImageDocuments, ImagesContext } from './context.ts';
import type { Image } from './image.ts';
import { readConfig, readManifest } from './read-document.ts';
import type { ImageRecord } from './records.ts';

/** A record with all that belongs to it. @throws {DataLossError} if something of it is gone */
export async function readImage(context: ImagesContext, record: ImageRecord): Promise<Image> {
  const { id } = record;
  const documents = context.documents.get(id) ?? (await readDocuments(context, record));
  context.documents.set(id, documents);
  const { tags, digests, tagged } = context.records.names(id);
  return {
    ...describeImage(record, documents),
    tags: tags.map(familiar).toSorted(),
    digests: digests.map(familiar).toSorted(),
    storedAt: Math.max(record.created, tagged),
  };
}

/** What an image is by its documents, whatever it is called. */
export function describeImage(
  { id, root, manifest }: Pick<ImageRecord, 'id' | 'root' | 'manifest'>,
  { manifest: document, config, size }: ImageDocuments,
): Omit<Image, 'tags' | 'digests' | 'storedAt'> {
  const top = chainIds(config.rootfs.diff_ids).at(-1);
  return { id, root, manifest: { ...manifest, document }, config, top, size };
}

function familiar(name: string): string {
  return familiarName(parseReference(name));
}

/** Manifest and config. @throws {DataLossError} if something of it is gone */
export async function readDocuments(
  { content, snapshots }: ImagesContext,
  { id, manifest }: Pick<ImageRecord, 'id' | 'manifest'>,
): Promise<ImageDocuments> {
  try {
    const config = await readConfig(content, id);
    let size = 0;
    for (const name of chainIds(config.rootfs.diff_ids)) size += (await snapshots.stat(name)).bytes;
    return { manifest: await readManifest(content, manifest.digest), config, size };
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new DataLossError(`image ${id} is damaged: ${error.message}`, {
      hint: 'pull, load or build it again',
      cause: error,
    });
  }
}
