import { InvalidArgumentError } from '#lib/errors.ts';
import type { Located, Root } from '#lib/files/open-root.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';

/** The place of a canonical path that a later entry may have put away, by a file or a link where one of its folders was; undefined if so. */
export function stillAt(root: Root, canonical: string): Located | undefined {
  try {
    const place = unlessGone(() => root.locate(canonical));
    return place?.canonical === canonical ? place : undefined;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return undefined;
    throw error;
  }
}
