import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { isIndex, type Manifest, parseManifestOrIndex } from '#oci/manifest.ts';
import { isIndexType, isManifestType } from '#oci/media-type.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';
import {
  CACHE_CONFIG_TYPE,
  type CacheContent,
  INLINE_FIELD,
  parseCacheConfig,
  parseInlineCache,
} from './cache-config.ts';
import { type CachePlace, collectBlob } from './cache-place.ts';

/**
 * Reads what a place holds: a cache of its own, as a manifest or as an index, or what images carry.
 * @param platforms of which images are looked at; each image of an index may carry some
 * @throws {NotFoundError} if it is neither; {InvalidArgumentError}
 */
export async function readCache(
  place: CachePlace,
  { platforms, signal }: { platforms: readonly Platform[]; signal: AbortSignal },
): Promise<readonly CacheContent[]> {
  const document = parseManifestOrIndex(await place.root());
  const reading = { place, signal };
  if (!isIndex(document)) return [await readManifest(reading, document)];
  const config = document.manifests.find(({ mediaType }) => mediaType === CACHE_CONFIG_TYPE);
  if (config !== undefined) return [await readConfig(reading, config, document.manifests)];
  const children = document.manifests.filter(
    ({ mediaType, platform }) =>
      (isManifestType(mediaType) || isIndexType(mediaType)) &&
      (platform === undefined || platforms.some((wanted) => formatPlatform(wanted) === formatPlatform(platform))),
  );
  const found: CacheContent[] = [];
  for (const child of children) {
    const inner = parseManifestOrIndex(await place.document(child), child.mediaType);
    if (!isIndex(inner)) found.push(await readManifest(reading, inner));
  }
  return found;
}

interface Reading {
  place: CachePlace;
  signal: AbortSignal;
}

async function readManifest(reading: Reading, { config, layers }: Manifest): Promise<CacheContent> {
  if (config.mediaType === CACHE_CONFIG_TYPE) return readConfig(reading, config, layers);
  const image = parseImage(await collectBlob(await reading.place.open(config, reading.signal), config));
  const { [INLINE_FIELD]: inline, rootfs } = image;
  if (typeof inline !== 'string')
    throw new NotFoundError(`${reading.place.title} carries no cache`, {
      hint: 'build it with --cache-to type=inline, or --build-arg BUILDKIT_INLINE_CACHE=1',
    });
  const diffIds = rootfs?.diff_ids ?? [];
  if (diffIds.length !== layers.length) throw new InvalidArgumentError(`${reading.place.title} is broken`);
  const places = layers.map((blob, index) => ({
    blob,
    diffId: diffIds[index] as Digest,
    parent: index === 0 ? undefined : index - 1,
  }));
  return parseInlineCache(inline, places);
}

async function readConfig(
  { place, signal }: Reading,
  ...[config, blobs]: [config: Descriptor, blobs: readonly Descriptor[]]
): Promise<CacheContent> {
  const bytes = await collectBlob(await place.open(config, signal), config);
  return parseCacheConfig(bytes, new Map(blobs.map((blob) => [blob.digest, blob])));
}

function parseImage(bytes: Buffer): { [INLINE_FIELD]?: unknown; rootfs?: { diff_ids?: readonly string[] } } {
  try {
    return JSON.parse(bytes.toString('utf8')) as ReturnType<typeof parseImage>;
  } catch (error) {
    throw new InvalidArgumentError('the config of the image is no JSON', { cause: error });
  }
}
