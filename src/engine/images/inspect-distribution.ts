import { TooLargeError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { isIndex, parseManifestOrIndex } from '#oci/manifest.ts';
import type { Platform } from '#oci/platform.ts';
import type { Reference } from '#oci/reference.ts';
import type { Repository } from '#registry/client/registry.ts';
import { openPullSource, type PullSourceOptions } from './pull-source.ts';
import { DOCUMENT_LIMIT_BYTES, parseImageConfig } from './read-document.ts';

/**
 * What a registry has under a name, without fetching it.
 * @throws {NotFoundError} {UnavailableError}
 */
export async function inspectDistribution(
  reference: Reference,
  options: PullSourceOptions,
): Promise<{ descriptor: Descriptor; platforms: Platform[] }> {
  const opened = await openPullSource(reference, options);
  using repository = opened.repository;
  const document = parseManifestOrIndex(opened.bytes, opened.root.mediaType);
  const platforms = isIndex(document)
    ? document.manifests.flatMap(({ platform }) => (platform === undefined ? [] : [platform]))
    : [await platformOf(repository, document.config)];
  return { descriptor: opened.root, platforms };
}

async function platformOf(repository: Repository, config: Descriptor): Promise<Platform> {
  if (config.size > DOCUMENT_LIMIT_BYTES)
    throw new TooLargeError(`config ${config.digest} is too large for a document`);
  const bytes = Buffer.concat(await Array.fromAsync(await repository.openBlob(config)));
  const { architecture, os, variant } = parseImageConfig(bytes);
  return { architecture, os, ...(variant !== undefined && { variant }) };
}
