import { InvalidArgumentError } from '#lib/errors.ts';
import type { ContentSource } from '#oci/copy-graph.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { isIndex, parseManifestOrIndex } from '#oci/manifest.ts';
import { isIndexType, isManifestType } from '#oci/media-type.ts';
import type { Archive } from './archive.ts';
import { selectPlatform } from './host-platform.ts';
import { legacyImages } from './legacy-archive.ts';
import { type ArchiveContext, type ArchiveImage, keepLayer, parseJson, plainImage } from './plain-image.ts';
import { parseImageConfig } from './read-document.ts';

/**
 * The images of an archive of `docker save` of any age, of Podman, or of an OCI layout.
 * @throws {InvalidArgumentError} if it is none of them or a layer is not what its image says
 */
export async function archiveImages(context: ArchiveContext): Promise<ArchiveImage[]> {
  const { archive } = context;
  if (archive.has('manifest.json')) return dockerImages(context);
  if (archive.has('index.json')) return layoutImages(context);
  if (archive.has('repositories')) return legacyImages(context);
  throw new InvalidArgumentError('the archive holds no image', {
    why: 'it has neither manifest.json nor index.json nor repositories',
    hint: 'to make an image from a file system archive, use `docker import`',
  });
}

async function dockerImages(context: ArchiveContext): Promise<ArchiveImage[]> {
  const entries = parseJson(context.archive.text('manifest.json'), 'manifest.json');
  if (!Array.isArray(entries)) throw new InvalidArgumentError('manifest.json is not a list');
  const images: ArchiveImage[] = [];
  for (const entry of entries as unknown[]) {
    const { Config: config, Layers: layers, RepoTags: tags } = (entry ?? {}) as Record<string, unknown>;
    if (typeof config !== 'string' || !isTextList(layers ?? []))
      throw new InvalidArgumentError('manifest.json has a broken entry');
    const bytes = Buffer.from(context.archive.text(config));
    images.push(
      await plainImage(context, {
        config: bytes,
        layers: (layers ?? []) as string[],
        tags: isTextList(tags) ? tags : [],
      }),
    );
  }
  return images;
}

async function layoutImages(context: ArchiveContext): Promise<ArchiveImage[]> {
  const { archive } = context;
  const index = parseManifestOrIndex(Buffer.from(archive.text('index.json')));
  if (!isIndex(index)) throw new InvalidArgumentError('index.json is not an index');
  const source: ContentSource = {
    async open({ digest }) {
      return once(documentOf(archive, digest));
    },
  };
  const images = new Map<Digest, ArchiveImage & { tags: string[] }>();
  for (const root of index.manifests) {
    const manifest = chosenManifest(context, root);
    if (manifest === undefined) continue;
    if (!images.has(root.digest)) await keepLayers(context, manifest);
    const image = images.get(root.digest) ?? { root, manifest, source, tags: [] };
    const name = layoutName(root);
    if (name !== undefined) image.tags.push(name);
    images.set(root.digest, image);
  }
  if (images.size === 0) throw new InvalidArgumentError('the archive holds no image for this platform');
  return [...images.values()];
}

/** Gives the layers of a manifest their names; those that are missing are here already, or the copy says so. */
async function keepLayers({ archive }: ArchiveContext, { digest }: Descriptor): Promise<void> {
  const document = parseManifestOrIndex(documentOf(archive, digest));
  if (isIndex(document)) return;
  const { rootfs } = parseImageConfig(documentOf(archive, document.config.digest));
  for (const [index, descriptor] of document.layers.entries()) {
    const layer = archive.layerBlob(descriptor.digest);
    if (layer !== undefined && layer.size !== descriptor.size)
      throw new InvalidArgumentError(`layer ${descriptor.digest} has ${layer.size} bytes, not ${descriptor.size}`);
    const diffId = rootfs.diff_ids[index];
    if (layer !== undefined && diffId !== undefined) await keepLayer(layer, { diffId, index });
  }
}

function documentOf(archive: Archive, digest: Digest): Buffer {
  const bytes = archive.document(digest);
  if (bytes === undefined) throw new InvalidArgumentError(`archive has no blob ${digest}`);
  return bytes;
}

/** Indexes in indexes; two are met. */
const NESTING_LIMIT = 8;

function chosenManifest(
  { archive, platform }: Pick<ArchiveContext, 'archive' | 'platform'>,
  root: Descriptor,
  depth = 0,
): Descriptor | undefined {
  if (root.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest') return undefined;
  if (isManifestType(root.mediaType)) return root;
  if (!isIndexType(root.mediaType))
    throw new InvalidArgumentError(`${root.digest} is no image: its media type is ${JSON.stringify(root.mediaType)}`);
  if (depth >= NESTING_LIMIT) throw new InvalidArgumentError(`index ${root.digest} is nested too deeply`);
  const document = parseManifestOrIndex(documentOf(archive, root.digest));
  if (!isIndex(document)) return root;
  const child = selectPlatform(document, platform);
  return child === undefined ? undefined : chosenManifest({ archive, platform }, child, depth + 1);
}

/** The full name if the archive has it; a bare tag names nothing. */
function layoutName({ annotations = {} }: Descriptor): string | undefined {
  const name = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name'];
  return typeof name === 'string' && /[/:]/.test(name) ? name : undefined;
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
