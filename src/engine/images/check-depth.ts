import { InvalidArgumentError } from '#lib/errors.ts';
import type { Digest } from '#oci/digest.ts';

/** overlayfs stacks 500 folders, and a layer that refers to lower ones takes up to three. */
const LAYERS_LIMIT = 160;

/** @throws {InvalidArgumentError} if an image has more layers than can be mounted at once */
export function checkDepth(diffIds: readonly Digest[]): void {
  if (diffIds.length > LAYERS_LIMIT)
    throw new InvalidArgumentError(`image has ${diffIds.length} layers, more than ${LAYERS_LIMIT}`, {
      why: 'no container could be started from it',
      hint: 'make the image of fewer steps, or from a file system by `docker export` and `docker import`',
    });
}
