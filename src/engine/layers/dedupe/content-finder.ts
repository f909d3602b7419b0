import { createHash } from 'node:crypto';
import { closeSync, openSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { BerthError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import type { Digest } from '#oci/digest.ts';
import { readExactly } from '../layer-file.ts';
import { type LayersContext, pathOf } from '../layers-context.ts';
import { type Candidates, type Donor, DONORS_LIMIT } from '../matcher.ts';
import type { StoredLayer } from '../records.ts';
import { createCandidateTable } from './candidate-table.ts';
import { neededRanges } from './donor-garbage.ts';
import { fileKey, SMALLEST_SHARED_BYTES } from './file-key.ts';
import { touches } from './ranges.ts';
import { type StoredFile, storedFiles } from './stored-files.ts';

/** Files of a layer that seem to be in layers before it too; what they are compared with stays as it is until this is disposed. */
export interface SharedFiles extends Candidates, Disposable {
  /** Those that lie in the layer's own file, in all likelihood in vain. */
  own: readonly StoredFile[];
  /** Bytes of them. */
  bytes: number;
}

/** Finds files of equal content under whatever name, layer after layer. */
export interface ContentFinder {
  /** What a layer has in common with those learned. Nothing is compared yet; a few blocks of each file speak for it. */
  findShared(layer: StoredLayer): Promise<SharedFiles>;
  /** From now on those to come may share what this layer keeps itself. */
  learn(diffId: Digest): Promise<void>;
}

interface Place {
  source: Digest;
  /** In the source's file, bytes. */
  offset: number;
}

interface State {
  context: LayersContext;
  /** Sizes that more than one file has. */
  sizes: ReadonlySet<number>;
  /** By print. */
  places: Map<string, Place>;
  /** Of the layer last looked at, by place in its file; it is the same in every file of the layer. */
  prints: Map<number, string>;
}

const SAMPLE_BYTES = 4096;
const PLACES_LIMIT = 2_000_000;
/** The event loop gets a turn after so many files. */
const TURN_FILES = 500;

export async function createContentFinder(context: LayersContext): Promise<ContentFinder> {
  const state: State = { context, sizes: await commonSizes(context), places: new Map(), prints: new Map() };
  return {
    findShared: (layer) => findShared(state, layer),
    learn: (diffId) => learn(state, diffId),
  };
}

/** A file of a size of its own has no equal, and need not be read. */
async function commonSizes(context: LayersContext): Promise<Set<number>> {
  const once = new Set<number>();
  const more = new Set<number>();
  for (const layer of context.records.list()) {
    if (!isWhole(layer)) continue;
    for (const { bytes, source } of filesOf(context, layer)) {
      if (source !== layer.diffId) continue;
      if (once.has(bytes)) more.add(bytes);
      else once.add(bytes);
    }
    await setImmediate();
  }
  return more;
}

async function findShared(state: State, layer: StoredLayer): Promise<SharedFiles> {
  const { context, places } = state;
  const needed = neededRanges(context, layer);
  const finds: { file: StoredFile; place: Place }[] = [];
  await printFiles(state, layer);
  for (const file of filesOf(context, layer)) {
    if (file.source !== layer.diffId) {
      finds.push({ file, place: file });
      continue;
    }
    const place = places.get(state.prints.get(file.offset) ?? '');
    const isFree = needed !== undefined && !touches(needed, { offset: file.offset, length: file.bytes });
    if (place !== undefined && isFree && place.source !== layer.diffId) finds.push({ file, place });
  }
  const sources = bestSources(finds, layer);
  const kept = finds.filter(({ place }) => sources.includes(place.source));
  const words = kept.flatMap(({ file, place }) => {
    const key = fileKey(file.path, file.bytes);
    return [key.name, key.path, sources.indexOf(place.source), place.offset / 512];
  });
  const held = context.holds.hold(sources);
  const own = kept.map(({ file }) => file).filter(({ source }) => source === layer.diffId);
  return {
    ...createCandidateTable([{ words: Uint32Array.from(words), sources }], (diffId) => donorOf(context, diffId)),
    own,
    bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
    [Symbol.dispose]: () => held[Symbol.dispose](),
  };
}

/** The donors that it has, and then those that have most of it, as many as a layer can have. */
function bestSources(finds: readonly { place: Place; file: StoredFile }[], { donors }: StoredLayer): Digest[] {
  const bytes = new Map<Digest, number>();
  for (const { place, file } of finds) bytes.set(place.source, (bytes.get(place.source) ?? 0) + file.bytes);
  const weight = ([source, count]: [Digest, number]): number => (donors.includes(source) ? Infinity : count);
  return [...bytes]
    .toSorted((a, b) => (weight(a) === weight(b) ? 0 : weight(b) - weight(a)))
    .slice(0, DONORS_LIMIT)
    .map(([source]) => source);
}

function donorOf(context: LayersContext, diffId: Digest): Donor | undefined {
  const record = context.records.find(diffId);
  if (record === undefined || record.state === 'damaged' || record.state === 'unproven') return undefined;
  const path = pathOf(context, record);
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : { diffId, path, fileBytes: stats.size };
}

async function learn(state: State, diffId: Digest): Promise<void> {
  const layer = state.context.records.find(diffId);
  if (layer === undefined || !isWhole(layer) || state.places.size > PLACES_LIMIT) return;
  for (const { source, offset } of filesOf(state.context, layer)) {
    const print = source === diffId ? state.prints.get(offset) : undefined;
    if (print !== undefined && !state.places.has(print)) state.places.set(print, { source, offset });
  }
  await setImmediate();
}

/** Takes a print of every file that may have an equal. @throws {NotFoundError} if the layer's file is gone */
async function printFiles(state: State, layer: StoredLayer): Promise<void> {
  state.prints.clear();
  const path = pathOf(state.context, layer);
  const files = filesOf(state.context, layer).filter(
    ({ source, bytes }) => source === layer.diffId && state.sizes.has(bytes),
  );
  if (files.length === 0) return;
  let fd = -1;
  try {
    fd = openSync(path, 'r');
    for (const [index, file] of files.entries()) {
      state.prints.set(file.offset, printOf(fd, file));
      if (index % TURN_FILES === 0) await setImmediate();
    }
  } catch (error) {
    throw fileError(error, path);
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/** Size, beginning, middle and end. */
function printOf(fd: number, { bytes, offset }: StoredFile): string {
  const hash = createHash('sha1').update(String(bytes));
  for (const at of [0, Math.floor((bytes - SAMPLE_BYTES) / 2), bytes - SAMPLE_BYTES])
    hash.update(readExactly(fd, offset + at, SAMPLE_BYTES));
  return hash.digest('base64');
}

/** None of a layer whose file is gone or broken; who reads its tar finds that out. */
function filesOf({ root, log }: LayersContext, layer: StoredLayer): StoredFile[] {
  try {
    return [...storedFiles(root, layer, SMALLEST_SHARED_BYTES)];
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    log.debug('a layer cannot be searched for content', { layer: layer.diffId, error: error.message });
    return [];
  }
}

function isWhole({ state }: StoredLayer): boolean {
  return state === 'durable' || state === 'settling';
}
