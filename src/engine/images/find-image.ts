import { BerthError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { type Digest, isDigest } from '#oci/digest.ts';
import { canonicalName, familiarName, parseReference, type Reference, withDefaultTag } from '#oci/reference.ts';
import type { ImagesContext } from './context.ts';
import type { ImageRecord } from './records.ts';

/**
 * Finds by id, tag, digest of manifest or index, or a beginning of the id, in this order.
 * @throws {NotFoundError} `No such image: x:latest`; {InvalidArgumentError} for a beginning that several ids have
 */
export function findImage({ records }: Pick<ImagesContext, 'records'>, name: string): ImageRecord {
  const whole = /^[0-9a-f]{64}$/.test(name) ? `sha256:${name}` : name;
  if (isDigest(whole)) return byDigest({ records }, whole) ?? missing(name);
  const reference = tryParse(name);
  const named = reference === undefined ? undefined : byReference({ records }, reference);
  if (named !== undefined) return named;
  const hex = name.startsWith('sha256:') ? name.slice('sha256:'.length) : name;
  const found = /^[0-9a-f]{1,64}$/.test(hex) ? records.withPrefix(hex) : [];
  if (found.length > 1) throw new InvalidArgumentError(`image name ${name} is ambiguous: several ids begin with it`);
  const [id] = found;
  if (id !== undefined) return records.find(id) ?? missing(name);
  return missing(reference === undefined ? name : familiarName(withDefaultTag(reference)));
}

/** Whether the name means an image by its id, whole or in part, and not by a reference. */
export function isIdOf(id: Digest, name: string): boolean {
  const hex = name.startsWith('sha256:') ? name.slice('sha256:'.length) : name;
  return hex !== '' && id.slice('sha256:'.length).startsWith(hex);
}

function byReference({ records }: Pick<ImagesContext, 'records'>, reference: Reference): ImageRecord | undefined {
  const id = records.named(canonicalName(withDefaultTag(reference)));
  if (id !== undefined) return records.find(id);
  const { tag: _, digest, ...repository } = reference;
  if (digest === undefined) return undefined;
  // A name with tag and digest means the digest; the repository must be one that the image was pulled from.
  const pulled = records.named(canonicalName({ ...repository, digest }));
  return pulled === undefined ? undefined : records.find(pulled);
}

function byDigest({ records }: Pick<ImagesContext, 'records'>, digest: Digest): ImageRecord | undefined {
  return (
    records.find(digest) ??
    records.list().find(({ root, manifest }) => root.digest === digest || manifest.digest === digest)
  );
}

function tryParse(name: string): Reference | undefined {
  try {
    return parseReference(name);
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}

function missing(name: string): never {
  throw new NotFoundError(`No such image: ${name}`, { hint: 'pull, load or build it first' });
}
