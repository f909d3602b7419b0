import type { ClientStore } from '#engine/builder/cache/cache-spec.ts';
import type { ImageSource } from '#engine/builder/sources/context-source.ts';
import type { ImagesContext } from '#engine/images/context.ts';
import { takeImage } from '#engine/images/take-image.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';

/** What of an image's address names the store, and what the image: `<store>:<tag>@sha256:…`. */
const ADDRESS = /^([^:@/]+)(?::[^@]*)?@(sha256:[0-9a-f]{64})$/;

/**
 * An image in an OCI layout on the client's side.
 * @throws {InvalidArgumentError} if the address names none
 */
export function sessionLayout(
  { images, store }: { images: ImagesContext; store: (id: string) => ClientStore },
  address: string,
): ImageSource {
  const [, id, digest] = ADDRESS.exec(address) ?? [];
  if (id === undefined || digest === undefined)
    throw new InvalidArgumentError(`oci-layout://${address} names no image`, {
      why: 'the client gives the name of a store and a digest: name@sha256:…',
    });
  const content = store(`oci:${id}`);
  return {
    title: `oci-layout://${address}`,
    async resolve({ platform, signal }) {
      const root = await content.root(digest);
      if (root === undefined) throw new NotFoundError(`${digest} is not in the layout ${id} of the client`);
      const source = { open: async (wanted: { digest: string }) => content.read(wanted.digest) };
      return takeImage(images, { root, source }, { platform, signal });
    },
  };
}
