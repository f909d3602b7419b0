import { statSync } from 'node:fs';
import type { DedupeSummary } from '#api/dedupe.ts';
import { CancelledError, ConflictError, DataLossError, NotFoundError } from '#lib/errors.ts';
import type { Digest } from '#oci/digest.ts';
import { keepsWhatOthersNeed, placeLayer } from '../commit-layer.ts';
import { ingestFile } from '../ingest-layer.ts';
import { type LayersContext, pathOf } from '../layers-context.ts';
import { readStored } from '../read-stored.ts';
import type { StoredLayer } from '../records.ts';
import { type ContentFinder, createContentFinder, type SharedFiles } from './content-finder.ts';
import { measureShared } from './measure-shared.ts';
import { recheckDependents, WHOLE } from './recheck-dependents.ts';
import type { StoredFile } from './stored-files.ts';

export interface DedupeOptions {
  /** Only says what would be saved. */
  isDryRun: boolean;
  signal?: AbortSignal | undefined;
  /** What is done with a layer. */
  onProgress?: (progress: DedupeProgress) => void;
}

export interface DedupeProgress {
  diffId: Digest;
  phase: string;
  /** Bytes of its tar. */
  current: number;
  total: number;
}

/** Smaller tars are not searched for content when they come in, and not here either. */
const LEAST_TAR_BYTES = 2 * 1024 * 1024;
/** A layer is written anew if that saves as much, or a tenth of it. */
const WORTHWHILE_BYTES = 1024 * 1024;
const WORTHWHILE_PART = 0.1;
/** Of each piece of content the blocks at both ends stay, half of them as a rule. */
const EDGE_BYTES = 4096;
const SECTOR_BYTES = 512;
const REPORT_BYTES = 16 * 1024 * 1024;

/**
 * Keeps content that several layers have once, whatever its name: layers are gone through from the oldest on, and what one has that those before
 * have too is left out of its file. Each layer is replaced in one step, after its new file was hashed; what is mounted stays as it is.
 * @throws {CancelledError}; {UnavailableError} when the disk is full: what was saved up to then stays
 */
export async function dedupeLayers(context: LayersContext, options: DedupeOptions): Promise<DedupeSummary> {
  using _ = await context.locks.acquire('dedupe');
  const started = performance.now();
  const summary = { layers: 0, rewritten: 0, shared: 0, saved: 0 };
  const finder = await createContentFinder(context);
  for (const { diffId } of context.records.list()) {
    if (options.signal?.aborted === true) throw new CancelledError('deduplication was cancelled');
    const layer = context.records.find(diffId);
    if (layer === undefined || !isWhole(layer)) continue;
    summary.layers += 1;
    const done = await dedupeLayer(context, layer, { finder, ...options });
    if (done.saved !== 0) summary.rewritten += 1;
    summary.shared += done.shared;
    summary.saved += done.saved;
  }
  return { ...summary, milliseconds: Math.round(performance.now() - started) };
}

interface Saving {
  shared: number;
  saved: number;
}

type LayerOptions = DedupeOptions & { finder: ContentFinder };

const NOTHING: Saving = { shared: 0, saved: 0 };

async function dedupeLayer(context: LayersContext, layer: StoredLayer, options: LayerOptions): Promise<Saving> {
  const { diffId, tarBytes } = layer;
  if (tarBytes < LEAST_TAR_BYTES) return NOTHING;
  options.onProgress?.({ diffId, phase: 'Looking', current: 0, total: tarBytes });
  try {
    using shared = await options.finder.findShared(layer);
    if (!isWorthwhile(layer, savingOf(shared.own))) return NOTHING;
    if (!options.isDryRun) return await rewriteShared(context, layer, { shared, ...options });
    const saving = savingOf(await measureShared(pathOf(context, layer), shared));
    return isWorthwhile(layer, saving) ? saving : NOTHING;
  } catch (error) {
    const isMoved = error instanceof ConflictError || error instanceof NotFoundError || error instanceof DataLossError;
    if (!isMoved) throw error;
    // Somebody was faster and removed or replaced it; or its file is broken, and then it is not touched.
    context.log.info('a layer was left as it is', { layer: diffId, why: error.message });
    return NOTHING;
  } finally {
    await options.finder.learn(diffId);
  }
}

function savingOf(files: readonly StoredFile[]): Saving {
  const shared = files.reduce((sum, { bytes }) => sum + bytes, 0);
  return { shared, saved: Math.max(0, shared - files.length * EDGE_BYTES) };
}

function isWorthwhile({ diskBytes }: StoredLayer, { saved }: Saving): boolean {
  return saved > 0 && saved >= Math.min(WORTHWHILE_BYTES, diskBytes * WORTHWHILE_PART);
}

async function rewriteShared(
  context: LayersContext,
  layer: StoredLayer,
  { shared, signal, onProgress }: LayerOptions & { shared: SharedFiles },
): Promise<Saving> {
  const { diffId, tarBytes } = layer;
  const report = (current: number): void => onProgress?.({ diffId, phase: 'Writing', current, total: tarBytes });
  const { incoming: folder, lanes, holds } = context;
  const tar = counted(readStored(context, layer), report);
  const options = { limitBytes: tarBytes, signal, findCandidates: async () => shared };
  await using file = await ingestFile({ folder, lanes, holds }, tar, options);
  if (file.diffId !== diffId) {
    context.log.warn('a layer is damaged', { layer: diffId, why: `its tar hashes to ${file.diffId}` });
    context.records.setState(diffId, layer.file, 'damaged');
    recheckDependents(context, diffId, WHOLE);
    return NOTHING;
  }
  const saved = layer.diskBytes - statSync(file.path).blocks * SECTOR_BYTES;
  if (!isWorthwhile(layer, { shared: 0, saved })) return NOTHING;
  using _ = await context.locks.acquire(diffId);
  const existing = context.records.find(diffId);
  const isWanted = (): boolean => {
    const now = context.records.find(diffId);
    return now?.file === layer.file && isWhole(now) && keepsWhatOthersNeed(context, now, file);
  };
  placeLayer(context, file, { existing, isWanted });
  return { shared: savingOf(shared.own).shared, saved };
}

/** Tells now and then how much went through. */
async function* counted(tar: AsyncIterable<Buffer>, report: (bytes: number) => void): AsyncGenerator<Buffer> {
  let bytes = 0;
  let told = 0;
  for await (const chunk of tar) {
    yield chunk;
    bytes += chunk.length;
    if (bytes - told < REPORT_BYTES) continue;
    report(bytes);
    told = bytes;
  }
}

function isWhole({ state }: StoredLayer): boolean {
  return state === 'durable' || state === 'settling';
}
