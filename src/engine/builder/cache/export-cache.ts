import type { CacheSpec } from './cache-spec.ts';
import { BerthError, CancelledError, InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Compression } from '#engine/images/compress-layer.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import type { BuilderContext } from '../build-run.ts';
import type { PlatformResult } from '../prepare-build.ts';
import type { Vertex } from '../progress/events.ts';
import type { BuildReport } from '../progress/report.ts';
import type { BuildRequest } from '../request.ts';
import type { BuildCache, StepTrace } from './build-cache.ts';
import { CACHE_CONFIG_TYPE, type CachedLayer, type CachedStep, formatCacheConfig } from './cache-config.ts';
import { type CachePlace, checkPlace, openCachePlace } from './cache-place.ts';
import { leadsTo, tracesOf } from './traces-of.ts';
import { writeBlob } from './write-blob.ts';
import { writeMounts } from './write-mounts.ts';

export interface CacheExporting {
  context: BuilderContext;
  request: BuildRequest;
  report: BuildReport;
  cache: BuildCache;
  results: readonly PlatformResult[];
  /** Folder for what must be written before it can be sent. */
  scratch: string;
}

/**
 * Delivers the caches that a build is to leave elsewhere.
 * @returns what clients are told about them
 * @throws what the registry or the client's side says, unless `ignore-error` is set
 */
export async function exportCaches(exporting: CacheExporting): Promise<ReadonlyMap<string, string>> {
  const response = new Map<string, string>();
  for (const spec of exporting.request.cacheTo) {
    if (spec.type === 'inline') continue; // it is in the image
    const title = spec.type === 'local' ? 'client directory' : 'registry';
    try {
      const root = await exporting.report.within({ name: `exporting cache to ${title}` }, (vertex) =>
        exportCache(exporting, spec, vertex),
      );
      response.set('cache.manifest', JSON.stringify(root));
    } catch (error) {
      const isIgnored = spec.attributes.get('ignore-error') === 'true' && !exporting.request.signal.aborted;
      if (!isIgnored) throw explain(error, title);
      exporting.report.remark(`[Warning] the cache was not exported: ${(error as Error).message}`);
    }
  }
  return response;
}

/** Refuses what could not be delivered at the end of a build. @throws {InvalidArgumentError} {NotImplementedError} */
export function checkCaches(specs: readonly CacheSpec[]): void {
  for (const spec of specs.filter(({ type }) => type !== 'inline')) {
    checkPlace(spec);
    readOptions(spec.attributes);
  }
}

function explain(error: unknown, title: string): unknown {
  if (!(error instanceof BerthError) || error instanceof CancelledError) return error;
  const Kind = error.constructor as new (message: string, options: object) => BerthError;
  const { why, hint = 'with ignore-error=true the build does not fail by this' } = error;
  return new Kind(`exporting the cache to ${title} failed: ${error.message}`, { why, hint, cause: error });
}

/** @returns the document that names all others */
async function exportCache(
  exporting: CacheExporting,
  ...[spec, vertex]: [spec: CacheSpec, vertex: Vertex]
): Promise<Descriptor> {
  const { context, request, cache, results, scratch } = exporting;
  const options = readOptions(spec.attributes);
  using place = await openCachePlace(spec, 'pull,push', {
    credentials: (domain) => request.credentials(domain),
    insecureRegistries: context.insecureRegistries(),
    signal: request.signal,
  });
  const traces = options.isMax ? cache.traces() : tracesOf(cache.traces(), results);
  const writing = { context, place, scratch, signal: request.signal, vertex, compression: options.compression };
  const steps = createSteps();
  for (const trace of traces)
    await steps.add(trace, async (placed) => writeBlob(writing, { ...placed, isOci: options.isOci }));
  const mounts = options.withMounts
    ? await writeMounts(writing, { ref: request.ref, imported: cache.imported?.mounts() ?? [] })
    : [];
  const config = await writeDocument(
    place,
    CACHE_CONFIG_TYPE,
    formatCacheConfig({ layers: steps.layers, steps: steps.steps, mounts }),
  );
  const blobs = [...steps.layers.map(({ blob }) => blob), ...mounts.map(({ blob }) => blob)];
  return await finish(place, { config, blobs: unique(blobs), options });
}

interface Options {
  isMax: boolean;
  /** The cache is an image manifest in place of an index. */
  isManifest: boolean;
  isOci: boolean;
  withMounts: boolean;
  compression: Compression | undefined;
}

/** @throws {InvalidArgumentError} {NotImplementedError} */
function readOptions(attributes: ReadonlyMap<string, string>): Options {
  const mode = attributes.get('mode') ?? 'min';
  if (mode !== 'min' && mode !== 'max')
    throw new InvalidArgumentError(`unknown mode of a cache: ${mode}`, { hint: 'min or max' });
  const isSet = (name: string, absent: boolean): boolean => (attributes.get(name) ?? String(absent)) === 'true';
  const isOci = isSet('oci-mediatypes', true);
  const isManifest = isSet('image-manifest', isOci);
  if (isManifest && !isOci)
    throw new InvalidArgumentError('a cache as an image manifest has OCI media types', {
      hint: 'leave oci-mediatypes=false out, or add image-manifest=false',
    });
  return {
    isMax: mode === 'max',
    isManifest,
    isOci,
    withMounts: isSet('mounts', false),
    compression: readCompression(attributes),
  };
}

const LEVELS = { gzip: { least: 0, most: 9, usual: 6 }, zstd: { least: 1, most: 22, usual: 3 } } as const;

function readCompression(attributes: ReadonlyMap<string, string>): Compression | undefined {
  const kind = attributes.get('compression') ?? 'gzip';
  if (kind === 'uncompressed') return undefined;
  if (kind !== 'gzip' && kind !== 'zstd')
    throw new NotImplementedError(`a cache cannot be compressed by ${kind}`, { hint: 'gzip, zstd or uncompressed' });
  const { least, most, usual } = LEVELS[kind];
  const level = Number(attributes.get('compression-level') ?? usual);
  if (!Number.isInteger(level) || level < least || level > most)
    throw new InvalidArgumentError(`invalid compression-level: ${level}`, {
      hint: `${kind} takes ${least} to ${most}`,
    });
  return { kind, level };
}

/** A layer to be written, by its tar and the snapshot that holds it. */
interface Placed {
  diffId: Digest;
  name: string;
}

/** Puts steps in the order of a cache's document. */
function createSteps(): {
  layers: CachedLayer[];
  steps: CachedStep[];
  add(trace: StepTrace, write: (placed: Placed) => Promise<Descriptor>): Promise<void>;
} {
  const layers: CachedLayer[] = [];
  const steps: CachedStep[] = [];
  /** Places of steps, and of the uppermost layers after them, by key. */
  const places = new Map<string, { step: number; top: number | undefined }>();
  const byStack = new Map<string, number>();
  return {
    layers,
    steps,
    async add(trace, write) {
      const { key, parent, created, layers: left } = trace;
      const before = places.get(parent);
      const on = before?.top;
      let top = on;
      const made: { layer: number; title: string }[] = [];
      for (const { layer, title } of left) {
        const diffId = await layer.diffId;
        await layer.arrive?.();
        const stack = `${top ?? ''} ${diffId}`;
        const known = byStack.get(stack);
        const index = known ?? layers.length;
        if (known === undefined) {
          layers.push({ blob: await write({ diffId, name: layer.snapshot }), diffId, parent: top });
          byStack.set(stack, index);
        }
        made.push({ layer: index, title });
        top = index;
      }
      places.set(key, { step: steps.length, top });
      steps.push({ key, before: before?.step, created, on, made, ...(await leadsTo(trace)) });
    },
  };
}

function unique(blobs: readonly Descriptor[]): Descriptor[] {
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
}

async function writeDocument(
  place: CachePlace,
  ...[mediaType, bytes]: [mediaType: string, bytes: Buffer]
): Promise<Descriptor> {
  const descriptor = { mediaType, digest: sha256(bytes), size: bytes.length };
  if ((await place.has(descriptor.digest)) !== true) await place.write(descriptor, async () => once(bytes));
  return descriptor;
}

async function finish(
  place: CachePlace,
  { config, blobs, options }: { config: Descriptor; blobs: readonly Descriptor[]; options: Options },
): Promise<Descriptor> {
  const indexType = options.isOci ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.dockerIndex;
  const mediaType = options.isManifest ? MEDIA_TYPES.ociManifest : indexType;
  const document = options.isManifest
    ? { schemaVersion: 2, mediaType, config, layers: blobs }
    : { schemaVersion: 2, mediaType, manifests: [...blobs, config] };
  const bytes = Buffer.from(JSON.stringify(document));
  const root = { mediaType, digest: sha256(bytes), size: bytes.length };
  await place.finish(root, bytes);
  return root;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
