import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { BerthError } from '#lib/errors.ts';
import type { Log } from '#lib/log.ts';
import type { Digest } from '#oci/digest.ts';
import type { Holds } from '../holds.ts';
import type { Candidates, Donor } from '../matcher.ts';
import type { LayerRecords, StoredLayer } from '../records.ts';
import { createCandidateTable, type LayerCandidates } from './candidate-table.ts';
import { fileKey, SMALLEST_SHARED_BYTES } from './file-key.ts';
import { storedFiles } from './stored-files.ts';

/** Candidates whose files stay as they are until it is disposed. */
export interface HeldCandidates extends Candidates, Disposable {}

/** What the layers that are here have to share, kept between one load and the next. */
export interface CandidateIndex {
  /** @returns undefined if there is nothing to share */
  find(): Promise<HeldCandidates | undefined>;
}

export interface CandidateIndexOptions {
  /** Folder of the layers' files. */
  root: string;
  records: LayerRecords;
  holds: Pick<Holds, 'hold'>;
  log: Log;
  /** Settles when nothing that is held is being shrunk. */
  shrunk: () => Promise<void>;
  /** How long a load waits for the indexes of layers to be read; those not read by then are ready for the next. */
  patienceMs?: number;
}

interface State extends CandidateIndexOptions {
  /** By name of the file, which no other content ever has. */
  known: Map<string, LayerCandidates>;
  /** The last table and what it was made of. */
  table: { key: string; candidates: Candidates } | undefined;
  reading: Promise<void> | undefined;
}

const PATIENCE_MS = 1500;
/** The event loop gets a turn after so many files. */
const TURN_FILES = 2000;

export function createCandidateIndex(options: CandidateIndexOptions): CandidateIndex {
  const state: State = { ...options, known: new Map(), table: undefined, reading: undefined };
  return { find: () => find(state) };
}

async function find(state: State): Promise<HeldCandidates | undefined> {
  const layers = wholeLayers(state);
  if (layers.length === 0) return undefined;
  using cleanup = new DisposableStack();
  // Held first: from here on nothing is taken away that the tables tell of.
  cleanup.use(state.holds.hold(layers.flatMap(({ diffId, donors }) => [diffId, ...donors])));
  await state.shrunk();
  await readUnknown(state, layers);
  const candidates = tableOf(state, layers);
  if (candidates.donors.length === 0) return undefined;
  const held = cleanup.move();
  return { ...candidates, [Symbol.dispose]: () => held.dispose() };
}

/** Newest first: what comes is most like what came last. */
function wholeLayers({ records }: State): StoredLayer[] {
  return records
    .list()
    .filter(({ state }) => state === 'durable' || state === 'settling')
    .toReversed();
}

/** Reads the indexes of new layers, in the background when it takes long. */
async function readUnknown(state: State, layers: readonly StoredLayer[]): Promise<void> {
  const files = new Set(layers.map(({ file }) => file));
  for (const file of state.known.keys()) if (!files.has(file)) state.known.delete(file);
  if (layers.every(({ file }) => state.known.has(file))) return;
  state.reading ??= readAll(state, layers).finally(() => (state.reading = undefined));
  const waited = new AbortController();
  const patience = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, state.patienceMs ?? PATIENCE_MS);
    waited.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  await Promise.race([state.reading, patience]);
  waited.abort();
}

async function readAll(state: State, layers: readonly StoredLayer[]): Promise<void> {
  for (const layer of layers) {
    if (state.known.has(layer.file)) continue;
    try {
      state.known.set(layer.file, await readLayer(state.root, layer));
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      // Damaged or gone; what finds that out for a person looks closer.
      state.log.debug('a layer cannot be searched for content', { layer: layer.diffId, error: error.message });
      state.known.set(layer.file, { words: new Uint32Array(), sources: [] });
    }
  }
}

async function readLayer(root: string, layer: StoredLayer): Promise<LayerCandidates> {
  const words: number[] = [];
  const numbers = new Map<Digest, number>();
  let turn = 0;
  for (const { path, bytes, source, offset } of storedFiles(root, layer, SMALLEST_SHARED_BYTES)) {
    const key = fileKey(path, bytes);
    const number = numbers.get(source) ?? numbers.size;
    numbers.set(source, number);
    words.push(key.name, key.path, number, offset / 512);
    turn += 1;
    if (turn % TURN_FILES === 0) await setImmediate();
  }
  return { words: Uint32Array.from(words), sources: [...numbers.keys()] };
}

function tableOf(state: State, layers: readonly StoredLayer[]): Candidates {
  const { records, root, known } = state;
  const read = layers.filter(({ file }) => known.has(file));
  const donorOf = (diffId: Digest): Donor | undefined => {
    const record = records.find(diffId);
    if (record === undefined || record.state === 'damaged' || record.state === 'unproven') return undefined;
    const path = join(root, record.file);
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? undefined : { diffId, path, fileBytes: stats.size };
  };
  const sources = new Set(read.flatMap(({ file }) => known.get(file)?.sources ?? []));
  const key = [...read.map(({ file }) => file), ...[...sources].map((source) => donorOf(source)?.path)].join(' ');
  if (state.table?.key !== key) {
    const tables = read.flatMap(({ file }) => known.get(file) ?? []);
    state.table = { key, candidates: createCandidateTable(tables, donorOf) };
  }
  return state.table.candidates;
}
