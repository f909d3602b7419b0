import { InvalidArgumentError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { type Digest, isDigest } from '#oci/digest.ts';

/**
 * What a cache holds: layers, and which steps left them. Its document has BuildKit's form (`application/vnd.buildkit.cacheconfig.v0`) with a
 * field of ours in each record, which others leave alone; their records lack it and are passed over, for they name steps in another way.
 */
export interface CacheContent {
  layers: readonly CachedLayer[];
  steps: readonly CachedStep[];
  mounts: readonly CachedMount[];
}

export interface CachedLayer {
  blob: Descriptor;
  diffId: Digest;
  /** Index of the layer below; undefined for one on a base image, or on nothing. */
  parent: number | undefined;
}

export interface CachedStep {
  key: string;
  /** Index of the step before it, if that is here. */
  before: number | undefined;
  /** Milliseconds since epoch. */
  created: number;
  /** Index of the uppermost layer before it. */
  on: number | undefined;
  /** What it left, bottom first. */
  made: readonly { layer: number; title: string }[];
  /** What leads to it without looking at files. */
  shortcut?: string;
  /** What leads to it without the stage that its files are of. */
  origin?: string;
}

/** A folder of `RUN --mount=type=cache`, as a tar. */
export interface CachedMount {
  id: string;
  blob: Descriptor;
}

export const CACHE_CONFIG_TYPE = 'application/vnd.buildkit.cacheconfig.v0';
/** Field of an image's config that names the steps that left its layers. */
export const INLINE_FIELD = 'moby.buildkit.cache.v0';

type Leads = Pick<CachedStep, 'shortcut' | 'origin'>;

interface RecordJson {
  digest: string;
  layers?: { layer: number; createdAt?: string }[];
  inputs?: { link: number }[][];
  berth?: { created: number; on: number; made: { layer: number; title: string }[] } & Leads;
}

/** The document of a cache. */
export function formatCacheConfig({ layers, steps, mounts }: CacheContent): Buffer {
  const document = {
    layers: layers.map(({ blob, diffId, parent }) => ({
      blob: blob.digest,
      parent: parent ?? -1,
      annotations: { mediaType: blob.mediaType, diffID: diffId, size: blob.size },
    })),
    records: formatRecords(steps),
    ...(mounts.length > 0 && { berthMounts: mounts }),
  };
  return Buffer.from(JSON.stringify(document));
}

/** The part of it that an image's config carries: its layers are those of the image. */
export function formatInlineCache(steps: readonly CachedStep[]): string {
  return Buffer.from(JSON.stringify(formatRecords(steps))).toString('base64');
}

function formatRecords(steps: readonly CachedStep[]): RecordJson[] {
  return steps.map(({ key, before, created, on, made, ...leads }) => {
    const top = made.at(-1)?.layer ?? on;
    return {
      digest: `sha256:${key}`,
      ...(top !== undefined && { layers: [{ layer: top, createdAt: new Date(created).toISOString() }] }),
      ...(before !== undefined && { inputs: [[{ link: before }]] }),
      berth: { created, on: on ?? -1, made: [...made], ...leads },
    };
  });
}

/**
 * Reads the document of a cache.
 * @param blobs of its manifest, by digest
 * @throws {InvalidArgumentError}
 */
export function parseCacheConfig(bytes: Uint8Array, blobs: ReadonlyMap<string, Descriptor>): CacheContent {
  const { layers = [], records = [], berthMounts = [] } = parseObject(bytes);
  if (!Array.isArray(layers) || !Array.isArray(records) || !Array.isArray(berthMounts)) throw broken('it has no lists');
  return {
    layers: layers.map((layer: unknown, index) => parseLayer(layer, index, blobs)),
    steps: parseRecords(records, layers.length),
    mounts: berthMounts.map((mount: unknown) => parseMount(mount, blobs)),
  };
}

/** Reads what an image's config carries; its layers are `layers`. @throws {InvalidArgumentError} */
export function parseInlineCache(text: string, layers: readonly CachedLayer[]): CacheContent {
  const { records } = parseObject(Buffer.from(`{"records":${Buffer.from(text, 'base64').toString('utf8')}}`));
  if (!Array.isArray(records)) throw broken('its records are no list');
  return { layers, steps: parseRecords(records, layers.length), mounts: [] };
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // told below
  }
  throw broken('it is no JSON object');
}

function parseLayer(
  value: unknown,
  ...[index, blobs]: [index: number, blobs: ReadonlyMap<string, Descriptor>]
): CachedLayer {
  const { blob: digest, parent = 0, annotations } = (value ?? {}) as Record<string, unknown>;
  const { diffID: diffId } = (annotations ?? {}) as Record<string, unknown>;
  const blob = blobs.get(String(digest));
  if (blob === undefined) throw broken(`layer ${index} is not in its manifest`);
  const told = diffId ?? blob.annotations?.['containerd.io/uncompressed'];
  if (typeof told !== 'string' || !isDigest(told)) throw broken(`layer ${index} has no diff id`);
  if (!isIndex(parent, index) && parent !== -1) throw broken(`layer ${index} has no layer below it`);
  return { blob, diffId: told, parent: parent === -1 ? undefined : (parent as number) };
}

function parseRecords(records: readonly unknown[], layers: number): CachedStep[] {
  const steps: CachedStep[] = [];
  const places = new Map<number, number>();
  for (const [index, value] of records.entries()) {
    const { digest, inputs, berth } = (value ?? {}) as Partial<RecordJson>;
    if (berth === undefined) continue;
    const { created, on, made, shortcut, origin } = berth;
    const key = /^sha256:([0-9a-f]{64})$/.exec(String(digest))?.[1];
    const isWhole = Number.isSafeInteger(created) && (on === -1 || isIndex(on, layers)) && Array.isArray(made);
    if (
      key === undefined ||
      !isWhole ||
      !made.every((one) => isIndex(one?.layer, layers) && typeof one.title === 'string')
    )
      throw broken(`record ${index} is broken`);
    const link = inputs?.[0]?.[0]?.link;
    places.set(index, steps.length);
    steps.push({
      key,
      created,
      before: link === undefined ? undefined : places.get(link),
      on: on === -1 ? undefined : on,
      made: made.map(({ layer, title }) => ({ layer, title })),
      ...(typeof shortcut === 'string' && { shortcut }),
      ...(typeof origin === 'string' && { origin }),
    });
  }
  return steps;
}

function parseMount(value: unknown, blobs: ReadonlyMap<string, Descriptor>): CachedMount {
  const { id, blob: told } = (value ?? {}) as { id?: unknown; blob?: Partial<Descriptor> };
  const blob = blobs.get(String(told?.digest));
  if (typeof id !== 'string' || blob === undefined) throw broken('a cache mount of it is not in its manifest');
  return { id, blob };
}

function isIndex(value: unknown, below: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < below;
}

function broken(why: string): InvalidArgumentError {
  return new InvalidArgumentError('the document of the cache cannot be used', {
    why,
    hint: 'export the cache again, or leave it out',
  });
}
