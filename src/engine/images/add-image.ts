import { DataLossError, InvalidArgumentError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { canonicalName, parseReference, withDefaultTag } from '#oci/reference.ts';
import { checkDepth } from './check-depth.ts';
import type { ImagesContext } from './context.ts';
import type { AddImageOptions, Image } from './image.ts';
import { readConfig, readManifest } from './read-document.ts';
import { readImage } from './read-image.ts';
import { missingLayer } from './wholeness.ts';

/** @see ImageStore.add */
export async function addImage(
  context: ImagesContext,
  { root, manifest }: { root: Descriptor; manifest: Descriptor },
  { tags = [], digests = [], isReplacing = digests.length > 0 }: AddImageOptions = {},
): Promise<Image> {
  const { content, records } = context;
  for (const { digest } of [root, manifest]) if (!(await content.has(digest))) lost(`document ${digest}`);
  const document = await readManifest(content, manifest.digest);
  const id = document.config.digest;
  if (!(await content.has(id))) lost(`config ${id}`);
  const { rootfs } = await readConfig(content, id);
  if (rootfs.diff_ids.length !== document.layers.length)
    throw new InvalidArgumentError(
      `image config names ${rootfs.diff_ids.length} layers, its manifest ${document.layers.length}`,
    );
  checkDepth(rootfs.diff_ids);
  const missing = await missingLayer(context, rootfs.diff_ids);
  if (missing !== undefined) lost(`layer ${missing}`);
  const names = {
    tags: tags.map((tag) => canonicalName(withDefaultTag(parseReference(tag)))),
    digests: digests.map((name) => canonicalName(parseReference(name))),
  };
  const known = records.find(id);
  // A config that came again in another manifest keeps its first record: containers and names refer to that.
  const record = known ?? { id, root, manifest, created: Date.now() };
  records.put(isReplacing ? { ...record, root, manifest } : record, names);
  context.documents.delete(id);
  return readImage(context, records.find(id) ?? record);
}

function lost(what: string): never {
  throw new DataLossError(`image is not whole: ${what} is missing`);
}
