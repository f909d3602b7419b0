import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ArchiveFile, archiveFile, blobPath, jsonFile, writeArchive } from '#engine/images/write-archive.ts';
import { InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import { writeNew } from '#lib/files/write-new.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import { canonicalName, familiarName, type Reference } from '#oci/reference.ts';
import { epochOf } from '../stages/epoch.ts';
import { flagOf } from './attributes.ts';
import type { Composed } from './compose.ts';
import { describeResult } from './describe-result.ts';
import { type Delivery, type Exported, within } from './exporting.ts';
import { type ImageOptions, parseImageOptions } from './image-options.ts';
import type { OutputSpec } from './output-spec.ts';
import { type PackagedImage, packageImage } from './package-image.ts';

/** `docker` and `oci`: an image as an archive, or as the folder of a layout. @throws what the client's side says */
export async function exportArchive(delivery: Delivery, output: OutputSpec): Promise<Exported> {
  const { request, results, forms, vertex } = delivery;
  const options = parseImageOptions(output);
  const isDocker = output.type === 'docker';
  const isMulti = results.length > 1 || request.multiPlatform;
  checkArchive(output, isMulti);
  const packaged = await packageImage(delivery, options, {
    formOf: (layer) => forms.form(layer, options.compression),
    // An image alone becomes no index for what is only said inside one.
    isInline: flagOf(output.attributes, 'attestation-inline') || isMulti,
  });
  const response = describeResult(packaged.composed);
  if (options.names.length > 0) response.set('image.name', options.names.map(canonicalName).join(','));
  const created = await createdOf(delivery, options);
  const root = datedRoot(packaged.composed.root, created);
  const named = namedRoots(root, options.names);
  response.set('containerimage.descriptor', Buffer.from(JSON.stringify(root)).toString('base64'));
  const files = [...filesOf(packaged), jsonFile('index.json', indexOf(named)), LAYOUT];
  if (isDocker) files.push(jsonFile('manifest.json', dockerManifest(packaged.composed, options.names)));
  if (flagOf(output.attributes, 'tar', true)) await sendTar(delivery, output, { files, response });
  else await within(vertex, 'sending layout', () => sendLayout(delivery, output, { packaged, files, response }));
  return { image: undefined, response };
}

/** @throws {NotImplementedError} for images of several platforms in an archive of Docker's form */
export function checkArchive({ type }: OutputSpec, isMulti: boolean): void {
  if (type !== 'docker' || !isMulti) return;
  throw new NotImplementedError('docker exporter does not currently support exporting manifest lists', {
    why: 'an archive of this form holds images of one platform',
    hint: 'use type=oci, or build for one platform at a time',
  });
}

const LAYOUT = jsonFile('oci-layout', { imageLayoutVersion: '1.0.0' });

/** RFC 3339; of the point in time that the build is for, else now. */
async function createdOf({ results }: Delivery, options: ImageOptions): Promise<string> {
  const [first] = results;
  const epoch = options.epoch ?? (first === undefined ? undefined : await epochOf(first.build));
  return new Date(epoch === undefined ? Date.now() : epoch * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

function filesOf({ composed, layers }: PackagedImage): ArchiveFile[] {
  const documents = [...composed.blobs, ...composed.manifests].map(({ descriptor, bytes }) =>
    archiveFile(blobPath(descriptor.digest), bytes),
  );
  const blobs = layers
    .values()
    .map(({ descriptor, open }): ArchiveFile => ({ path: blobPath(descriptor.digest), size: descriptor.size, open }));
  return [...new Map([...documents, ...blobs].map((file) => [file.path, file])).values()];
}

function datedRoot({ platform, annotations, ...rest }: Descriptor, created: string): Descriptor {
  const dated = { 'org.opencontainers.image.created': created, ...annotations };
  return { ...rest, annotations: dated, ...(platform !== undefined && { platform }) };
}

/** The root once for each name. */
function namedRoots(root: Descriptor, names: readonly Reference[]): Descriptor[] {
  if (names.length === 0) return [root];
  return names.map((name) => {
    const called = {
      'io.containerd.image.name': canonicalName(name),
      'org.opencontainers.image.ref.name': name.tag ?? name.digest ?? '',
    };
    const sorted = Object.entries({ ...root.annotations, ...called }).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { ...root, annotations: Object.fromEntries(sorted) };
  });
}

function indexOf(manifests: readonly Descriptor[]): object {
  return { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests };
}

/** What `docker load` of any age reads. */
function dockerManifest({ images }: Composed, names: readonly Reference[]): object {
  return images.map(({ document }) => ({
    Config: blobPath(document.config.digest),
    RepoTags: names.length === 0 ? null : names.map(familiarName),
    Layers: document.layers.map(({ digest }) => blobPath(digest)),
  }));
}

interface Files {
  files: readonly ArchiveFile[];
  response: ReadonlyMap<string, string>;
}

async function sendTar({ vertex, signal }: Delivery, output: OutputSpec, { files, response }: Files): Promise<void> {
  const { sink } = output;
  if (sink === undefined) throw nowhere(output);
  const archive = writeArchive(files, { signal });
  await within(vertex, 'sending tarball', () => sink.stream(archive, response));
}

/** Blob by blob where the client has a store for them, else as a folder. */
async function sendLayout(
  { context, signal }: Delivery,
  output: OutputSpec,
  { packaged, files, response }: Files & { packaged: PackagedImage },
): Promise<void> {
  const { store, sink } = output;
  if (store !== undefined) {
    const { composed, layers } = packaged;
    for (const { descriptor, open } of layers.values()) await store.write(descriptor, await open());
    for (const { descriptor, bytes } of [...composed.blobs, ...composed.manifests])
      await store.write(descriptor, once(bytes));
    return;
  }
  if (sink === undefined) throw nowhere(output);
  const folder = await mkdtemp(join(context.root, 'build-layout-'));
  try {
    for (const { path, open } of files) {
      signal.throwIfAborted();
      await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o755 });
      await writeNew(join(folder, path), await open(), { mode: 0o644 });
    }
    await sink.tree(folder, { keep: true, metadata: response });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function nowhere({ type }: OutputSpec): InvalidArgumentError {
  return new InvalidArgumentError(`the output ${type} has no place to go to`, {
    why: 'the client did not say where it takes it',
    hint: `write --output type=${type},dest=FILE`,
  });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
