import { checkConfig } from './check-config.ts';
import type { ContentStore } from '#engine/content/store.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Digest } from '#oci/digest.ts';
import { isDigest } from '#oci/digest.ts';
import type { ImageConfig } from '#oci/image-config.ts';
import { isIndex, type Manifest, parseManifestOrIndex } from '#oci/manifest.ts';

/** The most that a manifest, an index or a config may have, bytes. */
export const DOCUMENT_LIMIT_BYTES = 4 * 1024 * 1024;

/** @throws {NotFoundError} if the store does not have it; {InvalidArgumentError} if it is too large for a document */
export async function readDocument(content: ContentStore, digest: Digest): Promise<Buffer> {
  if ((await content.size(digest)) > DOCUMENT_LIMIT_BYTES)
    throw new InvalidArgumentError(`${digest} is too large for a manifest or config`);
  return Buffer.concat(await Array.fromAsync(await content.read(digest)));
}

/** @throws {InvalidArgumentError} if it is none */
export async function readManifest(content: ContentStore, digest: Digest): Promise<Manifest> {
  const document = parseManifestOrIndex(await readDocument(content, digest));
  if (isIndex(document)) throw new InvalidArgumentError(`${digest} is an index, not a manifest`);
  return document;
}

/** @throws {InvalidArgumentError} if it is none */
export async function readConfig(content: ContentStore, digest: Digest): Promise<ImageConfig> {
  return parseImageConfig(await readDocument(content, digest));
}

/** Reads the parts of an image config that the engine needs; its bytes are kept as they came. @throws {InvalidArgumentError} */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new InvalidArgumentError('image config is not JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('image config is not a JSON object');
  const config = value as ImageConfig;
  const diffIds: unknown = (config.rootfs as { diff_ids?: unknown } | undefined)?.diff_ids ?? [];
  if (!Array.isArray(diffIds) || !diffIds.every((id) => typeof id === 'string' && isDigest(id)))
    throw new InvalidArgumentError('image config has no valid list of layers');
  checkConfig(value);
  return {
    ...config,
    architecture: config.architecture ?? '',
    os: config.os ?? '',
    history: (config.history ?? []).map((entry) => entry ?? {}),
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
}
