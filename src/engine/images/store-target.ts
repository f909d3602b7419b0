import { createHash } from 'node:crypto';
import type { ContentStore } from '#engine/content/store.ts';
import type { Snapshotter } from '#engine/snapshots/snapshotter.ts';
import { decompress } from '#lib/compression/decompress.ts';
import { InvalidArgumentError, NotFoundError, TooLargeError } from '#lib/errors.ts';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import { type ChainId, chainIds } from '#oci/chain-id.ts';
import type { ContentTarget } from '#oci/copy-graph.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { isIndex, type Manifest, parseManifestOrIndex } from '#oci/manifest.ts';
import { isIndexType, isManifestType } from '#oci/media-type.ts';
import { LAYER_LIMIT_BYTES } from './limits.ts';
import { DOCUMENT_LIMIT_BYTES, parseImageConfig, readConfig, readDocument } from './read-document.ts';

/** How far a layer is. */
export type LayerState = 'exists' | 'stored' | 'unpacking' | 'unpacked';

export interface StoreTargetOptions {
  /** Told of each layer as it proceeds. */
  onLayer?: (layer: Descriptor, state: LayerState) => void;
  /** The most that one layer may have uncompressed, bytes. */
  limitBytes?: number;
}

/**
 * The engine's store as the target of a copy. A layer may come in any compression: its bytes are verified against the descriptor and, without
 * compression, against the config's diffId while they are kept under that; then it is unpacked, as soon as those below it are. A manifest
 * that the target has is whole: config, layers and snapshots.
 */
export function createStoreTarget(
  { content, snapshots }: { content: ContentStore; snapshots: Snapshotter },
  options: StoreTargetOptions = {},
): ContentTarget {
  const context: Target = { content, snapshots, options, lock: createKeyedLock(), told: new Set() };
  return {
    async has(descriptor, { parent } = {}) {
      if (parent !== undefined && parent.config.digest !== descriptor.digest)
        return hasLayer(context, parent, descriptor);
      if (!(await content.has(descriptor.digest))) return false;
      return isManifestType(descriptor.mediaType) ? isWhole(context, descriptor.digest) : true;
    },

    async write(descriptor, source, { parent, signal }) {
      if (parent !== undefined && parent.config.digest !== descriptor.digest) {
        await writeLayer(context, { parent, layer: descriptor, signal }, source);
        return;
      }
      if (descriptor.size > DOCUMENT_LIMIT_BYTES)
        throw new TooLargeError(
          `document ${descriptor.digest} has ${descriptor.size} bytes, more than ${DOCUMENT_LIMIT_BYTES}`,
        );
      const bytes = await collect(source, descriptor);
      if (parent !== undefined) checkConfig(parent, bytes);
      else if (!isIndexType(descriptor.mediaType)) await finish(context, bytes, signal);
      await content.write(descriptor.digest, once(bytes), { limitBytes: descriptor.size, signal });
    },
  };
}

interface Target {
  content: ContentStore;
  snapshots: Snapshotter;
  options: StoreTargetOptions;
  lock: ReturnType<typeof createKeyedLock>;
  /** Layers whose last state was told. */
  told: Set<Digest>;
}

/** @throws {InvalidArgumentError} unless it describes as many layers as the manifest */
function checkConfig(manifest: Manifest, bytes: Uint8Array): Digest[] {
  const diffIds = parseImageConfig(bytes).rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length)
    throw new InvalidArgumentError(
      `image config names ${diffIds.length} layers, its manifest ${manifest.layers.length}`,
    );
  return diffIds;
}

async function diffIdsOf({ content }: Target, manifest: Manifest): Promise<Digest[]> {
  return checkConfig(manifest, await readDocument(content, manifest.config.digest));
}

/** A layer that occurs twice has the same diffId twice. */
async function diffIdOf(target: Target, manifest: Manifest, { digest }: Descriptor): Promise<Digest> {
  const index = manifest.layers.findIndex((layer) => layer.digest === digest);
  const diffId = (await diffIdsOf(target, manifest))[index];
  if (diffId === undefined) throw new InvalidArgumentError(`layer ${digest} does not belong to the manifest`);
  return diffId;
}

async function hasLayer(target: Target, manifest: Manifest, layer: Descriptor): Promise<boolean> {
  const has = await target.content.has(await diffIdOf(target, manifest, layer));
  if (has) target.options.onLayer?.(layer, 'exists');
  return has;
}

async function isWhole(target: Target, digest: Digest): Promise<boolean> {
  const { content, snapshots } = target;
  const manifest = parseManifestOrIndex(await readDocument(content, digest));
  if (isIndex(manifest) || !(await content.has(manifest.config.digest))) return false;
  const { rootfs } = await readConfig(content, manifest.config.digest);
  for (const diffId of rootfs.diff_ids) if (!(await content.has(diffId))) return false;
  const top = chainIds(rootfs.diff_ids).at(-1);
  return top === undefined || (await isUnpacked(snapshots, top));
}

async function writeLayer(
  target: Target,
  { parent, layer, signal }: { parent: Manifest; layer: Descriptor; signal: AbortSignal | undefined },
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { content, options } = target;
  const diffId = await diffIdOf(target, parent, layer);
  // A plain tar is verified by its diffId alone.
  await using verified = verifyStream(source, layer, { isHashed: layer.digest !== diffId });
  const limitBytes = options.limitBytes ?? LAYER_LIMIT_BYTES;
  await using ingested = await content.ingest(decompress(verified, { limitBytes }), { limitBytes, signal });
  // Bytes behind the end of a compressed stream belong to the blob as well.
  for await (const _ of verified);
  if (ingested.digest !== diffId) {
    const index = parent.layers.findIndex(({ digest }) => digest === layer.digest);
    throw new InvalidArgumentError(`invalid diffID for layer ${index}: expected ${diffId}, got ${ingested.digest}`);
  }
  await ingested.commit();
  options.onLayer?.(layer, 'stored');
  await unpackReady(target, parent, signal);
}

/** Unpacks from below as far as tars are there. */
async function unpackReady(target: Target, manifest: Manifest, signal: AbortSignal | undefined): Promise<void> {
  const { content, snapshots } = target;
  using _ = await target.lock.acquire(manifest.config.digest);
  const diffIds = await diffIdsOf(target, manifest);
  let parent: ChainId | undefined;
  for (const [index, name] of chainIds(diffIds).entries()) {
    const diffId = diffIds[index];
    const layer = manifest.layers[index];
    if (diffId === undefined || layer === undefined || !(await content.has(diffId))) return;
    if (!(await isUnpacked(snapshots, name))) {
      target.options.onLayer?.(layer, 'unpacking');
      await snapshots.unpack({ name, parent, diffId }, await content.read(diffId), { signal });
    }
    if (!target.told.has(name)) target.options.onLayer?.(layer, 'unpacked');
    target.told.add(name);
    parent = name;
  }
}

async function finish(target: Target, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  const manifest = parseManifestOrIndex(bytes);
  if (isIndex(manifest)) return;
  await unpackReady(target, manifest, signal);
  const top = chainIds(await diffIdsOf(target, manifest)).at(-1);
  if (top !== undefined && !(await isUnpacked(target.snapshots, top)))
    throw new InvalidArgumentError('a layer of the image did not arrive');
}

async function isUnpacked(snapshots: Snapshotter, name: ChainId): Promise<boolean> {
  try {
    return (await snapshots.stat(name)).kind === 'committed';
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

/** Passes bytes on and fails at the end unless they are what the descriptor says. Can be read on after a reader stopped early. */
function verifyStream(
  source: AsyncIterable<Uint8Array>,
  { digest, size }: Descriptor,
  { isHashed }: { isHashed: boolean },
): AsyncIterable<Uint8Array> & AsyncDisposable {
  const hash = createHash('sha256');
  let bytes = 0;
  const iterator = source[Symbol.asyncIterator]();
  const check = (): void => {
    if (bytes !== size) throw new InvalidArgumentError(`layer ${digest} has ${bytes} bytes, not ${size}`);
    const actual = isHashed ? `sha256:${hash.copy().digest('hex')}` : digest;
    if (actual !== digest)
      throw new InvalidArgumentError(`layer does not match its digest: expected ${digest}, got ${actual}`);
  };
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const result = await iterator.next();
    if (result.done === true) {
      check();
      return result;
    }
    bytes += result.value.byteLength;
    if (bytes > size) throw new InvalidArgumentError(`layer ${digest} has more than its ${size} bytes`);
    if (isHashed) hash.update(result.value);
    return result;
  };
  return {
    [Symbol.asyncIterator]: () => ({ next }),
    [Symbol.asyncDispose]: async () => void (await iterator.return?.()),
  };
}

async function collect(source: AsyncIterable<Uint8Array>, { digest, size }: Descriptor): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > size) throw new InvalidArgumentError(`document ${digest} has more than its ${size} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
