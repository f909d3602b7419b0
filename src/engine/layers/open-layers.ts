import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataLossError, NotFoundError } from '#lib/errors.ts';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import type { Log } from '#lib/log.ts';
import type { Database } from '#lib/sqlite.ts';
import type { Digest } from '#oci/digest.ts';
import { commitLayer } from './commit-layer.ts';
import { dedupeLayers } from './dedupe/dedupe-layers.ts';
import { neededRanges } from './dedupe/donor-garbage.ts';
import { createDonorShrinker } from './dedupe/donor-shrinker.ts';
import { createCandidateIndex } from './dedupe/open-candidates.ts';
import { hasOldMounts } from './dedupe/old-mounts.ts';
import { recheckDependents, WHOLE } from './dedupe/recheck-dependents.ts';
import { createHolds } from './holds.ts';
import { ingestFile } from './ingest-layer.ts';
import { openLanes } from './lanes.ts';
import type { IngestedLayer, IngestLayerOptions, LayerStore } from './layer-store.ts';
import { donorPaths, type LayersContext, pathOf, recipeOf } from './layers-context.ts';
import { proveLayers } from './prove.ts';
import { readStored } from './read-stored.ts';
import { gatherTar } from './read-layer.ts';
import { createLayerRecords, type StoredLayer } from './records.ts';
import { releaseLayer, removeLayer } from './remove-layer.ts';
import { createSettler } from './settle.ts';
import { checkAtStart } from './start-check.ts';
import { witnessOf } from './witness.ts';

export interface LayersOptions {
  database: Database;
  /** Folder of the store: a file per layer, `.new` for what is on its way. */
  root: string;
  log: Log;
}

type Context = LayersContext & { database: Database };

/** Opens the store, and mends what a crash or a power cut left. Disposing ends its threads and stops what it does in the background. */
export async function openLayers({ database, root, log }: LayersOptions): Promise<LayerStore & AsyncDisposable> {
  const incoming = join(root, '.new');
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  await emptyFolder(incoming, log);
  await using cleanup = new AsyncDisposableStack();
  const records = createLayerRecords(database);
  const settler = cleanup.use(createSettler({ root, incoming, records, log, prove: () => context.prove() }));
  const lanes = cleanup.use(openLanes());
  const holds = createHolds((diffId) => releaseLayer(context, diffId));
  const shrinker = cleanup.use(
    createDonorShrinker({ root, records, holds, log, hasOldMounts: () => hasOldMounts(root, records) }),
  );
  const candidates = createCandidateIndex({ root, records, holds, log, shrunk: () => shrinker.settled() });
  const closing = new AbortController();
  let proven = Promise.resolve();
  const context: Context = {
    root,
    incoming,
    records,
    log,
    lanes,
    holds,
    locks: createKeyedLock(),
    settler,
    witness: witnessOf(root),
    database,
    findCandidates: () => candidates.find(),
    shrinker,
    closing: closing.signal,
    prove() {
      proven = proven
        .then(() => proveLayers(context, closing.signal))
        .catch((error: unknown) => log.error('layers could not be looked through', { error: String(error) }));
    },
  };
  await checkAtStart(context);
  context.prove();
  shrinker.wake();
  cleanup.defer(async () => {
    closing.abort();
    await proven;
  });
  const held = cleanup.move();
  return { ...createStore(context, () => proven), [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** What a former process left in it goes in the background: large files take a while. New ones have other names. */
async function emptyFolder(folder: string, log: Log): Promise<void> {
  const names = await readdir(folder);
  const removed = Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })));
  removed.catch((error: unknown) => log.warn('what was on its way could not be removed', { error: String(error) }));
}

function createStore(context: Context, proven: () => Promise<void>): LayerStore {
  const { records, settler, shrinker, log } = context;
  return {
    has: (diffId) => isWhole(records.find(diffId)),
    find: (diffId) => records.find(diffId),
    list: () => records.list(),
    ingest: (tar, options) => ingest(context, tar, options),
    read: (diffId, range) => read(context, diffId, range),
    image(diffId) {
      const layer = get(context, diffId);
      return { path: pathOf(context, layer), devices: donorPaths(context, layer.donors) };
    },
    lentBytes(diffId) {
      const layer = get(context, diffId);
      const needed = neededRanges(context, layer);
      return needed === undefined ? layer.diskBytes : needed.reduce((sum, { length }) => sum + length, 0);
    },
    async remove(diffId) {
      removeLayer(context, diffId);
    },
    condemn(diffId, reason) {
      const layer = get(context, diffId);
      log.warn('a layer is damaged', { layer: diffId, why: reason });
      records.setState(diffId, layer.file, 'damaged');
      recheckDependents(context, diffId, WHOLE);
    },
    dedupe: (options) => dedupeLayers(context, options),
    settled: () => settler.settled(),
    freed: () => shrinker.settled(),
    proven,
  };
}

function isWhole(layer: StoredLayer | undefined): boolean {
  return layer?.state === 'durable' || layer?.state === 'settling';
}

/** @throws {NotFoundError} if it is not there, or only as a donor */
function get({ records }: Context, diffId: Digest): StoredLayer {
  const layer = records.find(diffId);
  if (layer === undefined || layer.state === 'donor') throw new NotFoundError(`no such layer: ${diffId}`);
  return layer;
}

async function* read(
  context: Context,
  diffId: Digest,
  range: Parameters<LayerStore['read']>[1],
): AsyncGenerator<Uint8Array> {
  const layer = get(context, diffId);
  if (layer.state === 'damaged')
    throw new DataLossError(`layer ${diffId} is damaged`, {
      hint: 'load or pull the image again: that replaces the layer',
    });
  yield* readStored(context, layer, range);
}

async function ingest(
  context: Context,
  tar: AsyncIterable<Uint8Array>,
  options: IngestLayerOptions,
): Promise<IngestedLayer> {
  const { incoming: folder, lanes, holds } = context;
  const { candidates, ...limits } = options;
  const findCandidates =
    candidates === undefined
      ? context.findCandidates
      : async () => ({ ...candidates, ...holds.hold(candidates.donors.map(({ diffId }) => diffId)) });
  const signal = AbortSignal.any([context.closing, ...(limits.signal === undefined ? [] : [limits.signal])]);
  const file = await ingestFile({ folder, lanes, holds }, tar, { ...limits, signal, findCandidates });
  const { diffId, path, written } = file;
  return {
    diffId,
    tarBytes: written.tarBytes,
    read: () => gatherTar(recipeOf(context, path, { tarBytes: written.tarBytes, trailer: written.trailer })),
    commit: () => commitLayer(context, file),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}
