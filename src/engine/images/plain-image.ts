import type { ContentStore } from '#engine/content/store.ts';
import { decompress } from '#lib/compression/decompress.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import type { ContentSource } from '#oci/copy-graph.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import type { Platform } from '#oci/platform.ts';
import type { Archive } from './archive.ts';
import { LAYER_LIMIT_BYTES } from './limits.ts';
import { parseImageConfig } from './read-document.ts';
import { manifestOf } from './store-source.ts';

/** An image that an archive holds: a graph to copy and the names it should get. */
export interface ArchiveImage {
  root: Descriptor;
  /** The manifest chosen, the root itself or its child. */
  manifest: Descriptor;
  source: ContentSource;
  /** As the archive writes them. */
  tags: readonly string[];
}

export interface ArchiveContext {
  archive: Archive;
  content: ContentStore;
  platform: Platform | undefined;
}

/** An image of a config and layer files; its manifest is made here. */
export async function plainImage(
  { archive, content }: Pick<ArchiveContext, 'archive' | 'content'>,
  { config, layers, tags }: { config: Buffer; layers: readonly string[]; tags: readonly string[] },
): Promise<ArchiveImage> {
  const diffIds = parseImageConfig(config).rootfs.diff_ids;
  if (layers.length !== diffIds.length)
    throw new InvalidArgumentError(
      `invalid manifest, layers length mismatch: expected ${layers.length}, got ${diffIds.length}`,
    );
  const descriptors: Descriptor[] = [];
  for (const [index, diffId] of diffIds.entries()) {
    const size = await storeLayer({ archive, content }, layers[index] ?? '', { diffId, index });
    descriptors.push({ mediaType: MEDIA_TYPES.ociLayer, digest: diffId, size });
  }
  const own = { mediaType: MEDIA_TYPES.ociConfig, digest: sha256(config), size: config.length };
  const made = manifestOf({ config: own, layers: descriptors });
  const documents = new Map<string, Uint8Array>([
    [own.digest, config],
    [made.descriptor.digest, made.bytes],
  ]);
  const source: ContentSource = {
    open: async ({ digest }) => {
      const bytes = documents.get(digest);
      return bytes === undefined ? content.read(digest) : once(bytes);
    },
  };
  return { root: made.descriptor, manifest: made.descriptor, source, tags };
}

/** Moves a layer file into the store under its diffId. @returns its bytes */
async function storeLayer(
  { archive, content }: Pick<ArchiveContext, 'archive' | 'content'>,
  path: string,
  { diffId, index }: { diffId: Digest; index: number },
): Promise<number> {
  if (await content.has(diffId)) return content.size(diffId);
  const file = archive.file(path);
  if (file.digest === diffId) {
    await file.commit();
    return file.size;
  }
  await using plain = await content.ingest(decompress(file.read()), { limitBytes: LAYER_LIMIT_BYTES });
  if (plain.digest !== diffId)
    throw new InvalidArgumentError(
      `invalid diffID for layer ${index}: expected ${JSON.stringify(diffId)}, got ${JSON.stringify(plain.digest)}`,
    );
  await plain.commit();
  return plain.size;
}

/** @throws {InvalidArgumentError} */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`${path} is not JSON`, { cause: error });
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
