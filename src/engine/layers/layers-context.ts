import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataLossError } from '#lib/errors.ts';
import { fileError, isErrno } from '#lib/files/file-error.ts';
import type { KeyedLock } from '#lib/keyed-lock.ts';
import type { Log } from '#lib/log.ts';
import type { Digest } from '#oci/digest.ts';
import type { DonorShrinker } from './dedupe/donor-shrinker.ts';
import type { HeldCandidates } from './dedupe/open-candidates.ts';
import type { LayerTrailer } from './format.ts';
import type { Holds } from './holds.ts';
import type { Lanes } from './lanes.ts';
import { readLayerFile } from './layer-file.ts';
import type { TarRecipe } from './read-layer.ts';
import type { LayerRecords } from './records.ts';
import type { Settler } from './settle.ts';

/** What the verbs of the store share. */
export interface LayersContext {
  /** Folder of the layers' files. */
  root: string;
  /** Folder of what is on its way in or out; the next start empties it. */
  incoming: string;
  records: LayerRecords;
  log: Log;
  lanes: Lanes;
  holds: Holds;
  /** By diffId. */
  locks: KeyedLock;
  settler: Settler;
  /** See `witness.ts`. */
  witness: string;
  /** Where a layer that comes in may find content; what is there stays as it is until it is disposed. */
  findCandidates: () => Promise<HeldCandidates | undefined>;
  shrinker: DonorShrinker;
  /** Aborted when the store is being closed. */
  closing: AbortSignal;
  /** Hashes layers again that are `unproven`, in the background. */
  prove(): void;
}

/** Where a layer's file is. */
export function pathOf({ root }: Pick<LayersContext, 'root'>, { file }: { file: string }): string {
  return join(root, file);
}

/** Files of the donors, in the order of the device table. @throws {DataLossError} if one is gone */
export function donorPaths(context: Pick<LayersContext, 'root' | 'records'>, donors: readonly Digest[]): string[] {
  return donors.map((donor) => {
    const record = context.records.find(donor);
    if (record === undefined)
      throw new DataLossError('some of the content of a layer is gone', { why: `it lay in layer ${donor}` });
    return pathOf(context, record);
  });
}

/** How to read a layer's tar. @throws {DataLossError} if its file does not say so any more */
export function recipeOf(
  context: Pick<LayersContext, 'root' | 'records'>,
  path: string,
  known?: { tarBytes: number; trailer: LayerTrailer },
): TarRecipe {
  const { tarBytes, trailer } = known ?? describe(path);
  return { tarBytes, extents: trailer.extents, paths: [path, ...donorPaths(context, trailer.donors)] };
}

function describe(path: string): { tarBytes: number; trailer: LayerTrailer } {
  try {
    const { header, trailer } = readLayerFile(path);
    return { tarBytes: header.tarBytes, trailer };
  } catch (error) {
    if (error instanceof DataLossError) throw error;
    throw new DataLossError('the bytes of a layer cannot be read', { why: (error as Error).message, cause: error });
  }
}

/** Takes a file out of the folder at once; its space comes back in the background. Nothing there is fine. */
export function discardFile(
  { root, incoming, log }: Pick<LayersContext, 'root' | 'incoming' | 'log'>,
  file: string,
): void {
  const place = join(incoming, `removed-${randomBytes(6).toString('hex')}`);
  try {
    renameSync(join(root, file), place);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw fileError(error, join(root, file));
  }
  rm(place, { force: true }).catch((error: unknown) =>
    log.warn('a removed layer still takes its space until the engine starts again', { error: String(error) }),
  );
}
