import { CancelledError } from '#lib/errors.ts';
import { paddingOf, tarHeader } from '#lib/tar/header.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { hexOf } from '#oci/digest.ts';
import type { Manifest } from '#oci/manifest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import { familiarName, parseReference } from '#oci/reference.ts';
import type { ImagesContext } from './context.ts';
import type { Image } from './image.ts';
import { type PlacedLayer, readLayer } from './layer-bytes.ts';
import { readDocument } from './read-document.ts';
import { readImage } from './read-image.ts';
import { imagesToSave } from './repository-tags.ts';
import { storedManifest } from './store-source.ts';
import { assertWhole } from './wholeness.ts';

interface SavedImage {
  image: Image;
  /** Canonical names. */
  tags: readonly string[];
  config: Buffer;
  descriptor: Descriptor;
  manifest: Manifest;
  bytes: Buffer;
}

/** An archive that is made while it is read. Its pieces belong to the reader: nobody else uses their memory. */
export type SavedArchive = AsyncGenerator<Uint8Array> & { totalBytes: number };

/** A file of the archive: bytes, or a layer. */
type File = { path: string; bytes: Buffer } | { path: string; layer: PlacedLayer; size: number };

/**
 * Images as one archive that every `docker load` reads: an OCI layout with the files of `docker save` beside it. Layers are the stored tars, byte
 * for byte. Equal images give equal bytes.
 * @throws {NotFoundError} before anything is written
 */
export async function saveImages(
  context: ImagesContext,
  names: readonly string[],
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<SavedArchive> {
  const lease = context.garbage.lease();
  try {
    const saved: SavedImage[] = [];
    for (const [record, tags] of imagesToSave(context, names)) {
      const image = await readImage(context, record);
      await assertWhole(context, image, image.tags[0] ?? image.id);
      const config = await readDocument(context.content, image.id);
      saved.push({ image, tags: [...tags].toSorted(), config, ...(await plainManifest(context, image)) });
      context.events.publish({
        type: 'image',
        action: 'save',
        id: image.id,
        attributes: { name: image.tags[0] ?? image.id },
      });
    }
    const files = filesOf(saved);
    return Object.assign(writeArchive(context, files, { lease, signal }), { totalBytes: archiveBytes(files) });
  } catch (error) {
    lease[Symbol.dispose]();
    throw error;
  }
}

/** The image's own manifest where it describes plain tars, so that its digest stays; else one that does. */
async function plainManifest(
  context: ImagesContext,
  image: Image,
): Promise<Pick<SavedImage, 'descriptor' | 'manifest' | 'bytes'>> {
  const { document, ...descriptor } = image.manifest;
  const diffIds = image.config.rootfs.diff_ids;
  if (!document.layers.every(({ digest }, index) => digest === diffIds[index])) return storedManifest(context, image);
  return { descriptor, manifest: document, bytes: await readDocument(context.content, descriptor.digest) };
}

function filesOf(saved: readonly SavedImage[]): File[] {
  const blobs = new Map<string, File>();
  for (const { image, descriptor, manifest, config, bytes } of saved) {
    blobs.set(descriptor.digest, { path: blobPath(descriptor), bytes });
    blobs.set(image.id, { path: blobPath(manifest.config), bytes: config });
    const chain = chainIds(image.config.rootfs.diff_ids);
    for (const [index, layer] of manifest.layers.entries()) {
      const place = { diffId: layer.digest, name: chain[index] ?? layer.digest };
      blobs.set(layer.digest, { path: blobPath(layer), layer: place, size: layer.size });
    }
  }
  return [
    ...[...blobs.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    jsonFile('index.json', indexOf(saved)),
    jsonFile('manifest.json', saved.map(manifestEntry)),
    jsonFile('oci-layout', { imageLayoutVersion: '1.0.0' }),
    jsonFile('repositories', repositoriesOf(saved)),
  ];
}

function jsonFile(path: string, value: unknown): File {
  return { path, bytes: Buffer.from(JSON.stringify(value)) };
}

function blobPath({ digest }: Descriptor): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function indexOf(saved: readonly SavedImage[]): object {
  const manifests = saved.flatMap(({ descriptor, tags }) =>
    tags.length === 0
      ? [descriptor]
      : tags.map((name) => ({
          ...descriptor,
          annotations: {
            'io.containerd.image.name': name,
            'org.opencontainers.image.ref.name': parseReference(name).tag ?? 'latest',
          },
        })),
  );
  return { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests };
}

function manifestEntry({ image, tags, manifest }: SavedImage): object {
  const layers = manifest.layers;
  return {
    Config: blobPath(manifest.config),
    RepoTags: tags.length === 0 ? null : tags.map((name) => familiarName(parseReference(name))),
    Layers: layers.map(blobPath),
    LayerSources: Object.fromEntries(image.config.rootfs.diff_ids.map((diffId, index) => [diffId, layers[index]])),
  };
}

function repositoriesOf(saved: readonly SavedImage[]): Record<string, Record<string, string>> {
  const repositories: Record<string, Record<string, string>> = {};
  for (const { image, tags } of saved)
    for (const name of tags) {
      const { tag = 'latest', ...repository } = parseReference(name);
      const top = image.config.rootfs.diff_ids.at(-1);
      (repositories[familiarName(repository)] ??= {})[tag] = top === undefined ? '' : hexOf(top);
    }
  return repositories;
}

const FOLDERS = ['blobs/', 'blobs/sha256/'].map((name) => tarEntry(tarHeader({ name, kind: 'directory' })));

function headerOf(file: File): Buffer {
  return tarEntry(tarHeader({ name: file.path, kind: 'file', size: sizeOf(file) }));
}

function sizeOf(file: File): number {
  return 'bytes' in file ? file.bytes.length : file.size;
}

function archiveBytes(files: readonly File[]): number {
  const folders = FOLDERS.reduce((sum, { length }) => sum + length, TAR_END.length);
  return files.reduce((sum, file) => sum + headerOf(file).length + sizeOf(file) + paddingOf(sizeOf(file)), folders);
}

async function* writeArchive(
  context: ImagesContext,
  files: readonly File[],
  { lease, signal }: { lease: Disposable; signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  using _ = lease;
  yield Buffer.concat(FOLDERS);
  for (const file of files) {
    if ('bytes' in file) {
      yield Buffer.concat([headerOf(file), file.bytes, tarPadding(file.bytes.length)]);
      continue;
    }
    const tar = await readLayer(context, file.layer, { signal });
    yield headerOf(file);
    for await (const chunk of tar) {
      if (signal?.aborted === true) throw new CancelledError('saving was cancelled', { cause: signal.reason });
      yield chunk;
    }
    yield Buffer.from(tarPadding(file.size));
  }
  yield Buffer.from(TAR_END);
}
