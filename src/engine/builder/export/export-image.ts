import { hostPlatform, selectPlatform } from '#engine/images/host-platform.ts';
import type { Image } from '#engine/images/image.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { isIndexType } from '#oci/media-type.ts';
import { canonicalName, familiarName, parseReference, type Reference } from '#oci/reference.ts';
import type { Composed } from './compose.ts';
import { describeResult } from './describe-result.ts';
import { type Delivery, type Exported, within } from './exporting.ts';
import { type ImageOptions, parseImageOptions, parseStoreOptions, type StoreOptions } from './image-options.ts';
import type { OutputSpec } from './output-spec.ts';
import { type PackagedImage, packageImage } from './package-image.ts';
import { openTargets } from './push-target.ts';

/** `image`: an image in the store, in a registry, or in both. @throws what the store or the registry says */
export async function exportImage(delivery: Delivery, output: OutputSpec): Promise<Exported> {
  const options = parseImageOptions(output);
  const store = parseStoreOptions(output);
  checkImage(options, store);
  if (!store.isPushed) {
    const packaged = await packageImage(delivery, options, {
      formOf: (layer) => delivery.forms.form(layer, options.compression),
      // Nobody but a registry asks for it; an index that is wanted has it.
      isInline:
        options.annotations.of('index') !== undefined || options.annotations.of('index-descriptor') !== undefined,
    });
    return finish(delivery, packaged, { options, store, output });
  }
  await using targets = await openTargets(delivery, options, store);
  const packaged = await packageImage(delivery, options, { formOf: targets.send, isInline: true });
  await targets.finish(packaged.composed);
  return await finish(delivery, packaged, { options, store, output });
}

/** @throws {InvalidArgumentError} if nothing says where it is pushed to */
export function checkImage({ names }: ImageOptions, { isPushed }: StoreOptions): void {
  if (!isPushed || names.length > 0) return;
  throw new InvalidArgumentError('an image that is pushed needs a name', {
    why: 'the name says which registry it goes to',
    hint: 'build with -t REGISTRY/NAME, or leave --push out',
  });
}

async function finish(
  delivery: Delivery,
  { composed }: PackagedImage,
  { options, store, output }: { options: ImageOptions; store: StoreOptions; output: OutputSpec },
): Promise<Exported> {
  const response = describeResult(composed);
  const { digest } = composed.root;
  const given = output.attributes.get('name') ?? '';
  if (given !== '') response.set('image.name', given);
  else if (store.danglingPrefix !== '') response.set('image.name', `${store.danglingPrefix}@${digest}`);
  const image = store.isStored ? await storeImage(delivery, composed, { options, store }) : undefined;
  return { image, response };
}

/** Records the image; only now is it listed, and its names move. */
async function storeImage(
  { context, vertex }: Delivery,
  composed: Composed,
  { options, store }: { options: ImageOptions; store: StoreOptions },
): Promise<Image> {
  const { content, images, events } = context;
  for (const { descriptor, bytes } of [...composed.blobs, ...composed.manifests])
    if (!(await content.has(descriptor.digest)))
      await content.write(descriptor.digest, once(bytes), { limitBytes: bytes.length });
  const { root } = composed;
  const manifest = mainManifest(composed);
  const isNamed = store.isPushed || store.isNamedByDigest;
  const digests = isNamed ? [...new Set(options.names.map((name) => digestName(name, root)))] : [];
  const tags = options.names.filter(({ tag }) => tag !== undefined && !store.isPushedByDigest).map(canonicalName);
  const isReplacing = isIndexType(root.mediaType) || digests.length > 0;
  const record = { root: plain(root), manifest: plain(manifest) };
  const add = (): Promise<Image> => images.add(record, { tags, digests, isReplacing });
  const image = tags.length === 0 ? await add() : await within(vertex, `naming to ${tags.join(', ')}`, add);
  events.publish({ type: 'builder', action: 'build', id: image.id, attributes: {} });
  for (const tag of tags) {
    const name = familiarName(parseReference(tag));
    events.publish({ type: 'image', action: 'tag', id: image.id, attributes: { name } });
  }
  return image;
}

/** The one that this host runs, or the first: by its config clients know the image. */
function mainManifest({ images, root }: Composed): Descriptor {
  const manifests = images.map(({ manifest }) => manifest);
  return selectPlatform({ schemaVersion: 2, manifests }, hostPlatform()) ?? manifests[0] ?? root;
}

function digestName({ domain, path }: Reference, { digest }: Descriptor): string {
  return canonicalName({ domain, path, digest });
}

function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
