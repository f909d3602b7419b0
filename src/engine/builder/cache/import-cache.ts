import { createHash } from 'node:crypto';
import { extractTar } from '#engine/snapshots/tree/extract-tar.ts';
import { LAYER_LIMIT_BYTES } from '#engine/images/limits.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import { decompress } from '#lib/compression/decompress.ts';
import { InvalidArgumentError, NotFoundError, UnavailableError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { BuilderContext } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import type { Vertex } from '../progress/events.ts';
import type { BuildReport } from '../progress/report.ts';
import type { BuildRequest } from '../request.ts';
import type { StepLayer } from '../steps/step.ts';
import type { ImportAsk, ImportedSteps } from './build-cache.ts';
import type { CacheContent, CachedLayer, CachedStep } from './cache-config.ts';
import { type CachePlace, openCachePlace } from './cache-place.ts';
import type { CacheSpec } from './cache-spec.ts';
import { localImagePlace } from './local-image-place.ts';
import { readCache } from './read-cache.ts';

interface Importing {
  context: BuilderContext;
  request: BuildRequest;
  report: BuildReport;
  /** Closes what was opened when the build ends. */
  resources: AsyncDisposableStack;
}

interface Source {
  place: CachePlace;
  content: CacheContent;
  steps: ReadonlyMap<string, CachedStep>;
}

/** Reads what the caches of a build hold; their layers are fetched when a step needs them. A cache that cannot be read is none. */
export async function openImports(importing: Importing): Promise<ImportedSteps | undefined> {
  const { context, request } = importing;
  if (request.cacheFrom.length === 0) return undefined;
  const opened = await Promise.all(request.cacheFrom.map((spec) => openSource(importing, spec)));
  const sources = opened.flat();
  offerMounts(importing, sources);
  const shortcuts = new Map(
    sources.flatMap(({ content }) =>
      content.steps.flatMap(({ key, ...leads }) => leadsOf(leads).map((lead) => [lead, key] as const)),
    ),
  );
  return {
    follow: (shortcut) => shortcuts.get(shortcut),
    mounts: () =>
      sources.flatMap(({ content, place }) =>
        content.mounts.map(({ id, blob }) => ({ id, blob, open: () => place.open(blob, request.signal) })),
      ),
    async fetch(ask) {
      for (const source of sources) {
        const step = source.steps.get(ask.key);
        if (step === undefined || !(await fits(source.content, { step, stack: ask.stack }))) continue;
        try {
          return await take(context, { source, step }, ask);
        } catch (error) {
          if (ask.signal.aborted) throw error;
          ask.warn(`[Warning] the cache ${source.place.title} has this step, but: ${messageOf(error)}`);
        }
      }
      return undefined;
    },
  };
}

function leadsOf({ shortcut, origin }: Pick<CachedStep, 'shortcut' | 'origin'>): string[] {
  return [shortcut, origin].filter((lead) => lead !== undefined);
}

async function openSource({ context, request, report, resources }: Importing, spec: CacheSpec): Promise<Source[]> {
  const title = spec.attributes.get('ref') ?? spec.attributes.get('src') ?? spec.type;
  const vertex = report.start({ name: `importing cache manifest from ${title}` });
  const ask = {
    platforms: request.platforms.length === 0 ? [hostPlatform()] : request.platforms,
    signal: request.signal,
  };
  try {
    const contents: { place: CachePlace; content: CacheContent }[] = [];
    const local = spec.type === 'local' ? undefined : await localImagePlace(context, title);
    if (local !== undefined)
      for (const content of await readCache(local, ask).catch(() => [])) contents.push({ place: local, content });
    if (contents.length === 0) {
      const place = resources.use(
        await openCachePlace(spec, 'pull', {
          credentials: (domain) => request.credentials(domain),
          insecureRegistries: context.insecureRegistries(),
          signal: request.signal,
        }),
      );
      for (const content of await readCache(place, ask)) contents.push({ place, content });
    }
    vertex.complete({ isCached: false });
    return contents.map(({ place, content }) => ({
      place,
      content,
      steps: new Map(content.steps.map((step) => [step.key, step])),
    }));
  } catch (error) {
    if (request.signal.aborted) throw error;
    tellFailure(vertex, { report, title }, error);
    return [];
  }
}

function tellFailure(vertex: Vertex, { report, title }: { report: BuildReport; title: string }, error: unknown): void {
  report.remark(`[Warning] the cache ${title} is not used: ${messageOf(error)}`);
  vertex.complete({ isCached: false, error: messageOf(error) });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether what a step was done on there is what it would be done on here, layer by layer. */
async function fits(
  { layers }: CacheContent,
  { step, stack }: { step: CachedStep; stack: readonly Layer[] },
): Promise<boolean> {
  const below: string[] = [];
  for (let index = step.on; index !== undefined; index = layers[index]?.parent)
    below.unshift(layers[index]?.diffId ?? '');
  const own = below.length === 0 ? [] : stack.slice(-below.length);
  const diffIds = await Promise.all(own.map(({ diffId }) => diffId));
  return diffIds.length === below.length && diffIds.every((diffId, index) => diffId === below[index]);
}

async function take(
  context: BuilderContext,
  ...[{ source, step }, ask]: [found: { source: Source; step: CachedStep }, ask: ImportAsk]
): ReturnType<ImportedSteps['fetch']> {
  const { content, place } = source;
  const layers: StepLayer[] = [];
  let below = ask.stack.at(-1);
  let bytes = 0;
  for (const { layer: index, title } of step.made) {
    const layer = content.layers[index];
    if (layer === undefined) return undefined;
    bytes += layer.blob.size;
    // What is counted on must be there, as far as that can be told.
    if (ask.isDeferred && !context.layerFiles.has(layer.diffId) && (await place.has(layer.blob.digest)) === false)
      throw new NotFoundError(`blob ${layer.blob.digest} is not there`);
    const load = (): Promise<void> => loadLayer(context, { place, layer }, ask);
    below = context.layers.defer({ diffId: layer.diffId, below, load });
    layers.push({ layer: below, title });
  }
  const result = { created: step.created, layers, bytes };
  const { arrive } = below ?? {};
  if (layers.length === 0 || below === undefined || arrive === undefined) ask.arrived(result);
  else {
    below.arrive = once(async () => {
      await arrive();
      ask.arrived(result);
    });
    if (!ask.isDeferred) await below.arrive();
  }
  const own = ask.isDeferred ? {} : { bytes: await context.layers.bytes(layers) };
  return { ...result, ...own, from: place.title };
}

/** Who counts on a layer that comes later cannot do its step any more when it does not. */
async function loadLayer(
  context: BuilderContext,
  found: { place: CachePlace; layer: CachedLayer },
  { isDeferred, signal }: ImportAsk,
): Promise<void> {
  try {
    await fetchLayer(context, found, signal);
  } catch (error) {
    if (!isDeferred || signal.aborted) throw error;
    throw new UnavailableError(
      `the cache ${found.place.title} does not give a layer that it has: ${messageOf(error)}`,
      {
        why: 'an earlier step was taken from there, and its files are needed now',
        hint: 'build again; if it stays, leave this cache out',
        cause: error,
      },
    );
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

async function fetchLayer(
  { layerFiles, steps }: BuilderContext,
  { place, layer }: { place: CachePlace; layer: CachedLayer },
  signal: AbortSignal,
): Promise<void> {
  const { blob, diffId } = layer;
  // Another step may want the same layer at the same time.
  using _ = await steps.acquire(diffId, { signal });
  if (layerFiles.has(diffId)) return;
  await using verified = verify(await place.open(blob, signal), blob);
  if (layerFiles.has(diffId)) return; // it was here, and is a file now
  const tar = decompress(verified, { limitBytes: LAYER_LIMIT_BYTES });
  await using ingested = await layerFiles.ingest(tar, { limitBytes: LAYER_LIMIT_BYTES, signal });
  await drain(verified);
  if (ingested.diffId !== diffId)
    throw new InvalidArgumentError(`layer ${blob.digest} of the cache is ${ingested.diffId}, not ${diffId}`);
  await ingested.commit();
}

/** Passes a blob on and fails at its end unless it is what its name says. Can be read on after a reader stopped early. */
function verify(
  source: AsyncIterable<Uint8Array>,
  { digest, size }: Descriptor,
): AsyncIterable<Uint8Array> & AsyncDisposable {
  const hash = createHash('sha256');
  const iterator = source[Symbol.asyncIterator]();
  let bytes = 0;
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const result = await iterator.next();
    if (result.done !== true) {
      bytes += result.value.byteLength;
      if (bytes > size) throw new InvalidArgumentError(`blob ${digest} of the cache has more than its ${size} bytes`);
      hash.update(result.value);
      return result;
    }
    if (bytes !== size || `sha256:${hash.copy().digest('hex')}` !== digest)
      throw new InvalidArgumentError(`blob ${digest} of the cache is not what its name says`);
    return result;
  };
  return {
    [Symbol.asyncIterator]: () => ({ next }),
    [Symbol.asyncDispose]: async () => void (await iterator.return?.()),
  };
}

/** New cache mounts of the build begin with what was exported. */
function offerMounts({ context, request }: Importing, sources: readonly Source[]): void {
  const seeds = new Map<string, (folder: string) => Promise<void>>();
  for (const { content, place } of sources)
    for (const { id, blob } of content.mounts)
      seeds.set(id, async (folder) => {
        using root = openRoot(folder);
        await using verified = verify(await place.open(blob, request.signal), blob);
        await extractTar(root, verified, { signal: request.signal });
        await drain(verified);
      });
  if (seeds.size > 0) context.cacheMounts.offer(request.ref, seeds);
}

/** Bytes behind the end of a compressed stream belong to the blob as well. */
async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of source);
}
