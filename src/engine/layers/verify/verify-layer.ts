import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError, NotFoundError } from '#lib/errors.ts';
import { dropCached } from '#linux/drop-cached.ts';
import { DATA_OFFSET } from '../format.ts';
import { type LayerFile, readLayerFile } from '../layer-file.ts';
import { gatherTar, type TarRecipe } from '../read-layer.ts';
import type { LayerRecords, StoredLayer } from '../records.ts';
import { type IndexCheck, openIndexCheck } from './check-index.ts';

/** Where layers are. */
export interface LayerPlaces {
  /** Folder of the layers' files. */
  root: string;
  records: LayerRecords;
}

/** What is wrong with a layer. */
export interface LayerFault {
  /** `missing`: there is no file; `index`: the tar is whole, what stands around it is not; `content`: the tar is not whole; `donor`: content that another layer's file should have is gone. */
  part: 'missing' | 'index' | 'content' | 'donor';
  why: string;
  /** The whole tar, where the fault is of the index. */
  recipe?: TarRecipe;
}

export interface VerifyOptions {
  /** Hashes no content. */
  fast: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Compares a layer's file with its record, its checksums, and unless `fast` the tar with its digest and the index with the tar. Reads from the
 * disk, not from memory.
 * @returns bytes read as they are, and in the end what is wrong
 */
export async function* verifyLayer(
  places: LayerPlaces,
  layer: StoredLayer,
  options: VerifyOptions,
): AsyncGenerator<number, LayerFault | undefined> {
  const path = join(places.root, layer.file);
  let file: LayerFile;
  try {
    dropCached(path);
    file = readLayerFile(path);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    if (error instanceof NotFoundError) return { part: 'missing', why: `its file ${path} is missing` };
    return yield* withoutIndex(places, layer, { why: error.message, options });
  }
  const fault = compareWithRecord(file, layer) ?? donorFault(places, file);
  if (fault !== undefined || options.fast) return fault;
  if (layer.state === 'donor') return undefined; // parts of it may be gone, rightly
  using index = openIndexCheck(path, file);
  const recipe = recipeOf(places, layer, file);
  const why = yield* hashTar(recipe, { layer, index, signal: options.signal });
  if (why !== undefined) return { part: 'content', why };
  const difference = indexDifference(index);
  return difference === undefined ? undefined : { part: 'index', why: difference, recipe };
}

/** A layer that has all of its content itself can be read without what its file says; of others that is the only way to it. */
async function* withoutIndex(
  places: LayerPlaces,
  layer: StoredLayer,
  { why, options }: { why: string; options: VerifyOptions },
): AsyncGenerator<number, LayerFault> {
  if (layer.donors.length > 0 || layer.state === 'donor') return { part: 'content', why };
  const { tarBytes } = layer;
  const recipe: TarRecipe = {
    tarBytes,
    extents: [{ length: tarBytes, device: 0, offset: DATA_OFFSET }],
    paths: [join(places.root, layer.file)],
  };
  // Whether its tar is whole is not known before it is hashed, however fast the check is to be.
  const lost = yield* hashTar(recipe, { layer, index: undefined, signal: options.signal });
  return lost === undefined ? { part: 'index', why, recipe } : { part: 'content', why: `${why}; ${lost}` };
}

function compareWithRecord({ header, trailer }: LayerFile, layer: StoredLayer): LayerFault | undefined {
  if (header.diffId !== layer.diffId) return { part: 'content', why: `its file holds layer ${header.diffId}` };
  if (header.tarBytes !== layer.tarBytes)
    return {
      part: 'content',
      why: `its file holds ${header.tarBytes} bytes of tar, its record says ${layer.tarBytes}`,
    };
  if (trailer.donors.join() !== layer.donors.join())
    return { part: 'donor', why: 'its file names other donors than its record' };
  return undefined;
}

/** A donor that is not there, or too short for what is wanted of it. */
function donorFault({ root, records }: LayerPlaces, { trailer }: LayerFile): LayerFault | undefined {
  for (const [index, donor] of trailer.donors.entries()) {
    const record = records.find(donor);
    if (record === undefined) return { part: 'donor', why: `layer ${donor}, which has some of its content, is gone` };
    const stats = statSync(join(root, record.file), { throwIfNoEntry: false });
    if (stats === undefined) return { part: 'donor', why: `the file of layer ${donor}, which has some of its content, is missing` }; // prettier-ignore
    const wanted = trailer.extents.filter(({ device }) => device === index + 1);
    if (wanted.some(({ offset, length }) => offset + length > stats.size))
      return { part: 'donor', why: `the file of layer ${donor}, which has some of its content, is too short` };
  }
  return undefined;
}

function recipeOf({ root, records }: LayerPlaces, layer: StoredLayer, { header, trailer }: LayerFile): TarRecipe {
  const donors = trailer.donors.map((donor) => join(root, records.find(donor)?.file ?? ''));
  for (const path of donors) dropCached(path);
  return { tarBytes: header.tarBytes, extents: trailer.extents, paths: [join(root, layer.file), ...donors] };
}

interface Hashing {
  layer: StoredLayer;
  index: IndexCheck | undefined;
  signal: AbortSignal | undefined;
}

/** @returns why the tar is not the layer's; undefined if it is */
async function* hashTar(
  recipe: TarRecipe,
  { layer, index, signal }: Hashing,
): AsyncGenerator<number, string | undefined> {
  const hash = createHash('sha256');
  let isReadable = index !== undefined;
  try {
    for await (const chunk of gatherTar(recipe)) {
      signal?.throwIfAborted();
      hash.update(chunk);
      isReadable &&= pushTo(index, chunk);
      yield chunk.length;
    }
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    return error.why ?? error.message;
  }
  const seen = `sha256:${hash.digest('hex')}`;
  return seen === layer.diffId ? undefined : `its tar hashes to ${seen}`;
}

/** A tar that was changed may be none any more; its hash tells. */
function pushTo(index: IndexCheck | undefined, chunk: Buffer): boolean {
  try {
    index?.push(chunk);
    return true;
  } catch (error) {
    if (error instanceof BerthError) return false;
    throw error;
  }
}

function indexDifference(index: IndexCheck): string | undefined {
  try {
    return index.finish();
  } catch (error) {
    if (error instanceof BerthError) return `its tar cannot be indexed: ${error.message}`;
    throw error;
  }
}
