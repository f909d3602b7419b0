import { chainIds } from '#oci/chain-id.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { type Digest, hexOf } from '#oci/digest.ts';
import type { Manifest } from '#oci/manifest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import { familiarName, parseReference } from '#oci/reference.ts';
import type { ImagesContext } from './context.ts';
import type { Image } from './image.ts';
import { readLayer } from './layer-bytes.ts';
import { readLocalIndex } from './local-index.ts';
import { readDocument } from './read-document.ts';
import { readImage } from './read-image.ts';
import { readVariant } from './read-variant.ts';
import { imagesToSave } from './repository-tags.ts';
import { retargetIndex } from './retarget-index.ts';
import { storedManifest } from './store-source.ts';
import { assertWhole } from './wholeness.ts';
import {
  type ArchiveFile,
  archiveFile,
  blobPath,
  jsonFile,
  writeArchive,
  type WrittenArchive,
} from './write-archive.ts';

interface SavedImage {
  image: Image;
  /** Canonical names. */
  tags: readonly string[];
  /** What the names stand for: the manifest, or the index it is in. */
  root: Descriptor;
  manifest: Manifest;
  files: readonly ArchiveFile[];
}

/**
 * Images as one archive that every `docker load` reads: an OCI layout with the files of `docker save` beside it. Layers are the stored tars, byte
 * for byte. Equal images give equal bytes.
 * @throws {NotFoundError} before anything is written
 */
export async function saveImages(
  context: ImagesContext,
  names: readonly string[],
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<WrittenArchive> {
  const lease = context.garbage.lease();
  try {
    const saved: SavedImage[] = [];
    for (const [record, tags] of imagesToSave(context, names)) {
      const image = await readImage(context, record);
      await assertWhole(context, image, image.tags[0] ?? image.id);
      saved.push({ ...(await savedImage(context, image, signal)), tags: [...tags].toSorted() });
      context.events.publish({
        type: 'image',
        action: 'save',
        id: image.id,
        attributes: { name: image.tags[0] ?? image.id },
      });
    }
    return writeArchive(filesOf(saved), { held: lease, signal });
  } catch (error) {
    lease[Symbol.dispose]();
    throw error;
  }
}

/** An image alone, or with all of its index where that is here. */
async function savedImage(
  context: ImagesContext,
  image: Image,
  signal: AbortSignal | undefined,
): Promise<Omit<SavedImage, 'tags'>> {
  const own = await plainManifest(context, image, signal);
  const index = await readLocalIndex(context, image);
  if (index === undefined) return { image, root: own.descriptor, manifest: own.manifest, files: own.files };
  const files = [...own.files];
  const images = new Map<Digest, Descriptor>();
  for (const { descriptor, document, diffIds } of index.children) {
    if (diffIds === undefined) continue;
    const isOwn = descriptor.digest === image.manifest.digest;
    const place = { id: document.config.digest, root: image.root, manifest: descriptor };
    const child = isOwn ? own : await plainManifest(context, await readVariant(context, place), signal);
    images.set(descriptor.digest, { ...descriptor, ...child.descriptor });
    files.push(...child.files);
  }
  const root = await retargetIndex(context.content, index, images);
  for (const attestation of root.attestations)
    for (const { descriptor, bytes } of [attestation, ...attestation.blobs])
      files.push(archiveFile(blobPath(descriptor.digest), bytes));
  files.push(archiveFile(blobPath(root.descriptor.digest), root.bytes));
  return { image, root: root.descriptor, manifest: own.manifest, files };
}

/** The image's own manifest where it describes plain tars, so that its digest stays; else one that does. */
async function plainManifest(
  context: ImagesContext,
  image: Image,
  signal: AbortSignal | undefined,
): Promise<{ descriptor: Descriptor; manifest: Manifest; files: ArchiveFile[] }> {
  const { document, ...descriptor } = image.manifest;
  const diffIds = image.config.rootfs.diff_ids;
  const isPlain = document.layers.every(({ digest }, index) => digest === diffIds[index]);
  const made = isPlain
    ? { descriptor, manifest: document, bytes: await readDocument(context.content, descriptor.digest) }
    : await storedManifest(context, image);
  const chain = chainIds(diffIds);
  const layers = made.manifest.layers.map(({ digest, size }, index): ArchiveFile => {
    const place = { diffId: digest, name: chain[index] ?? digest };
    return { path: blobPath(digest), size, open: () => readLayer(context, place, { signal }) };
  });
  const config = archiveFile(blobPath(image.id), await readDocument(context.content, image.id));
  const files = [archiveFile(blobPath(made.descriptor.digest), made.bytes), config, ...layers];
  return { descriptor: made.descriptor, manifest: made.manifest, files };
}

function filesOf(saved: readonly SavedImage[]): ArchiveFile[] {
  const blobs = new Map(saved.flatMap(({ files }) => files.map((file) => [file.path, file] as const)));
  return [
    ...blobs.values(),
    jsonFile('index.json', indexOf(saved)),
    jsonFile('manifest.json', saved.map(manifestEntry)),
    jsonFile('oci-layout', { imageLayoutVersion: '1.0.0' }),
    jsonFile('repositories', repositoriesOf(saved)),
  ];
}

function indexOf(saved: readonly SavedImage[]): object {
  const manifests = saved.flatMap(({ root, tags }) =>
    tags.length === 0
      ? [root]
      : tags.map((name) => ({
          ...root,
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
    Config: blobPath(manifest.config.digest),
    RepoTags: tags.length === 0 ? null : tags.map((name) => familiarName(parseReference(name))),
    Layers: layers.map(({ digest }) => blobPath(digest)),
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
