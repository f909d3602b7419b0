import type { ContentStore } from '#engine/content/store.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { type Index, isIndex, type Manifest, parseManifestOrIndex } from '#oci/manifest.ts';
import { isIndexType } from '#oci/media-type.ts';
import type { Image } from './image.ts';
import type { LayerPlaces } from './layer-bytes.ts';
import { readConfig, readDocument } from './read-document.ts';
import { missingLayer } from './wholeness.ts';

/** An index that is here with everything below it, as a build for several platforms leaves it. */
export interface LocalIndex {
  descriptor: Descriptor;
  bytes: Buffer;
  document: Index;
  children: readonly IndexChild[];
}

export interface IndexChild {
  descriptor: Descriptor;
  bytes: Buffer;
  document: Manifest;
  /** Layers of an image; undefined for what says something about one, whose layers are documents. */
  diffIds: readonly Digest[] | undefined;
}

/** The index of an image, if it came as one and nothing of it is missing: of most pulled ones only this host's child is here. */
export async function readLocalIndex(
  places: LayerPlaces & { content: ContentStore },
  { root }: Pick<Image, 'root'>,
): Promise<LocalIndex | undefined> {
  const { content } = places;
  if (!isIndexType(root.mediaType)) return undefined;
  const bytes = await readDocument(content, root.digest);
  const document = parseManifestOrIndex(bytes);
  if (!isIndex(document)) return undefined;
  const children: IndexChild[] = [];
  for (const descriptor of document.manifests) {
    const child = await readChild(places, descriptor);
    if (child === undefined) return undefined;
    children.push(child);
  }
  const { digest, mediaType, size } = root;
  return { descriptor: { mediaType, digest, size }, bytes, document, children };
}

async function readChild(
  places: LayerPlaces & { content: ContentStore },
  descriptor: Descriptor,
): Promise<IndexChild | undefined> {
  const { content } = places;
  if (!(await content.has(descriptor.digest))) return undefined;
  const bytes = await readDocument(content, descriptor.digest);
  const document = parseManifestOrIndex(bytes);
  if (isIndex(document) || !(await content.has(document.config.digest))) return undefined;
  if (isAttestation(descriptor)) {
    for (const { digest } of document.layers) if (!(await content.has(digest))) return undefined;
    return { descriptor, bytes, document, diffIds: undefined };
  }
  const { rootfs } = await readConfig(content, document.config.digest);
  if ((await missingLayer(places, rootfs.diff_ids)) !== undefined) return undefined;
  return { descriptor, bytes, document, diffIds: rootfs.diff_ids };
}

export function isAttestation({ annotations }: Descriptor): boolean {
  return annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}
