import { createHash } from 'node:crypto';
import type { ContentStore } from '#engine/content/store.ts';
import { decompress } from '#lib/compression/decompress.ts';
import { InvalidArgumentError, TooLargeError } from '#lib/errors.ts';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import { type ChainId, chainIds } from '#oci/chain-id.ts';
import type { ContentTarget } from '#oci/copy-graph.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { isIndex, type Manifest, parseManifestOrIndex } from '#oci/manifest.ts';
import { isIndexType, isManifestType } from '#oci/media-type.ts';
import { findSnapshot, type LayerPlaces, type PlacedLayer } from './layer-bytes.ts';
import { checkDepth } from './check-depth.ts';
import { LAYER_LIMIT_BYTES } from './limits.ts';
import { DOCUMENT_LIMIT_BYTES, parseImageConfig, readConfig, readDocument } from './read-document.ts';
import { missingLayer } from './wholeness.ts';

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
 * compression, against the config's diffId while they are written; then it is stacked, as soon as those below it are. A manifest that the
 * target has is whole: config, layers and snapshots.
 */
export function createStoreTarget(
  { content, layers, snapshots }: LayerPlaces & { content: ContentStore },
  options: StoreTargetOptions = {},
): ContentTarget {
  const context: Target = { content, layers, snapshots, options, lock: createKeyedLock(), told: new Set() };
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
      else if (!isIndexType(descriptor.mediaType)) await finish(context, bytes);
      await content.write(descriptor.digest, once(bytes), { limitBytes: descriptor.size, signal });
    },
  };
}

interface Target extends LayerPlaces {
  content: ContentStore;
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
  checkDepth(diffIds);
  return diffIds;
}

async function diffIdsOf({ content }: Target, manifest: Manifest): Promise<Digest[]> {
  return checkConfig(manifest, await readDocument(content, manifest.config.digest));
}

/** A layer that occurs twice has the same diffId twice. */
async function placeOf(target: Target, manifest: Manifest, { digest }: Descriptor): Promise<PlacedLayer> {
  const index = manifest.layers.findIndex((layer) => layer.digest === digest);
  const diffIds = await diffIdsOf(target, manifest);
  const [diffId, name] = [diffIds[index], chainIds(diffIds)[index]];
  if (diffId === undefined || name === undefined)
    throw new InvalidArgumentError(`layer ${digest} does not belong to the manifest`);
  return { diffId, name };
}

async function hasLayer(target: Target, manifest: Manifest, layer: Descriptor): Promise<boolean> {
  const { diffId, name } = await placeOf(target, manifest, layer);
  // A layer of a build is a folder that has this place in its stack, and no file.
  const has = target.layers.has(diffId) || (await findSnapshot(target.snapshots, name))?.form === 'directory';
  if (has) target.options.onLayer?.(layer, 'exists');
  return has;
}

async function isWhole(target: Target, digest: Digest): Promise<boolean> {
  const { content } = target;
  const manifest = parseManifestOrIndex(await readDocument(content, digest));
  if (isIndex(manifest) || !(await content.has(manifest.config.digest))) return false;
  const { rootfs } = await readConfig(content, manifest.config.digest);
  return (await missingLayer(target, rootfs.diff_ids)) === undefined;
}

async function writeLayer(
  target: Target,
  { parent, layer, signal }: { parent: Manifest; layer: Descriptor; signal: AbortSignal | undefined },
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { layers, options } = target;
  const { diffId } = await placeOf(target, parent, layer);
  // A plain tar is verified by its diffId alone.
  await using verified = verifyStream(source, layer, { isHashed: layer.digest !== diffId });
  const limitBytes = options.limitBytes ?? LAYER_LIMIT_BYTES;
  await using ingested = await layers.ingest(decompress(verified, { limitBytes }), { limitBytes, signal });
  // Bytes behind the end of a compressed stream belong to the blob as well.
  for await (const _ of verified);
  if (ingested.diffId !== diffId) {
    const index = parent.layers.findIndex(({ digest }) => digest === layer.digest);
    throw new InvalidArgumentError(`invalid diffID for layer ${index}: expected ${diffId}, got ${ingested.diffId}`);
  }
  await ingested.commit();
  options.onLayer?.(layer, 'stored');
  await stackReady(target, parent);
}

/** Stacks from below as far as layers are there. */
async function stackReady(target: Target, manifest: Manifest): Promise<void> {
  const { layers, snapshots } = target;
  using _ = await target.lock.acquire(manifest.config.digest);
  const diffIds = await diffIdsOf(target, manifest);
  let parent: ChainId | undefined;
  for (const [index, name] of chainIds(diffIds).entries()) {
    const diffId = diffIds[index];
    const layer = manifest.layers[index];
    if (diffId === undefined || layer === undefined) return;
    const known = await findSnapshot(snapshots, name);
    if (!layers.has(diffId) && known?.form !== 'directory') return;
    if (known?.kind !== 'committed') {
      target.options.onLayer?.(layer, 'unpacking');
      await snapshots.stack({ name, parent, diffId });
    }
    if (!target.told.has(name)) target.options.onLayer?.(layer, 'unpacked');
    target.told.add(name);
    parent = name;
  }
}

async function finish(target: Target, bytes: Uint8Array): Promise<void> {
  const manifest = parseManifestOrIndex(bytes);
  if (isIndex(manifest)) return;
  await stackReady(target, manifest);
  if ((await missingLayer(target, await diffIdsOf(target, manifest))) !== undefined)
    throw new InvalidArgumentError('a layer of the image did not arrive');
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
