import { InvalidArgumentError } from '#lib/errors.ts';
import { canonicalName, familiarName, parseReference, type Reference, withDefaultTag } from '#oci/reference.ts';
import type { ImagesContext } from './context.ts';
import { findImage } from './find-image.ts';

/**
 * Gives an image another tag; an image that had it loses it.
 * @throws {NotFoundError}; {InvalidArgumentError} for a name that cannot be a tag
 */
export async function tagImage({ records, events }: ImagesContext, name: string, newTag: string): Promise<void> {
  const { id } = findImage({ records }, name);
  const reference = parseTag(newTag);
  records.setTag(canonicalName(reference), id);
  events.publish({ type: 'image', action: 'tag', id, attributes: { name: familiarName(reference) } });
}

/** A name that can be given to an image. @throws {InvalidArgumentError} */
export function parseTag(text: string): Reference & { tag: string } {
  const { tag = 'latest', ...reference } = withDefaultTag(parseReference(text));
  if (reference.digest !== undefined)
    throw new InvalidArgumentError('refusing to create a tag with a digest reference');
  if (familiarName(reference) === 'sha256')
    throw new InvalidArgumentError('refusing to create an ambiguous tag using digest algorithm as name');
  return { ...reference, tag };
}
