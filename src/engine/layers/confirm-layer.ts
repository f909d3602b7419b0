import { closeSync, openSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { BerthError, DataLossError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import type { Extent } from './format.ts';
import type { NewLayerFile } from './ingest-layer.ts';
import { readInto } from './layer-file.ts';
import { type LayersContext, pathOf, recipeOf } from './layers-context.ts';
import type { TarRecipe } from './read-layer.ts';
import type { StoredLayer } from './records.ts';

const CHUNK_BYTES = 1024 * 1024;

/**
 * Whether a layer that is here is equal to a new file of the same diffId. What both have at the same place of the same file was compared when the
 * new one came; all else is compared here.
 */
export async function confirmLayer(
  context: LayersContext,
  existing: StoredLayer,
  { path, written }: NewLayerFile,
): Promise<boolean> {
  try {
    const fresh = recipeOf(context, path, { tarBytes: written.tarBytes, trailer: written.trailer });
    using a = openRecipe(fresh);
    using b = openRecipe(recipeOf(context, pathOf(context, existing)));
    const same = compareWith(a, b);
    let at = 0;
    for (const { length, device, offset } of fresh.extents) {
      const isShared = device > 0 && b.isAt(at, { path: fresh.paths[device], offset, length });
      if (!isShared && !(await same(at, length))) return false;
      at += length;
    }
    return true;
  } catch (error) {
    if (error instanceof BerthError) return false; // too damaged to be read
    throw error;
  }
}

/** Compares ranges of two tars, in memory that is used again. */
function compareWith(a: OpenRecipe, b: OpenRecipe): (at: number, length: number) => Promise<boolean> {
  const [left, right] = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)];
  let turn = 0;
  return async (at, length) => {
    for (let done = 0; done < length; done += CHUNK_BYTES) {
      const bytes = Math.min(CHUNK_BYTES, length - done);
      a.read(at + done, left.subarray(0, bytes));
      b.read(at + done, right.subarray(0, bytes));
      if (left.compare(right, 0, bytes, 0, bytes) !== 0) return false;
      turn += bytes;
      if (turn >= CHUNK_BYTES) await setImmediate((turn = 0)); // a turn for the event loop
    }
    return true;
  };
}

interface OpenRecipe extends Disposable {
  /** Fills the memory. @throws {DataLossError} if a file ends before */
  read(tarOffset: number, into: Buffer): void;
  /** Whether that piece of the tar is read from there. */
  isAt(tarOffset: number, place: { path: string | undefined; offset: number; length: number }): boolean;
}

/** @throws {NotFoundError}; {DataLossError} */
function openRecipe({ extents, paths }: TarRecipe): OpenRecipe {
  using cleanup = new DisposableStack();
  const fds = paths.map((path) => cleanup.adopt(openPart(path), closeSync));
  const starts: number[] = [];
  let total = 0;
  for (const { length } of extents) {
    starts.push(total);
    total += length;
  }
  const held = cleanup.move();
  return {
    read(tarOffset, into) {
      let index = lastAtMost(starts, tarOffset);
      for (let done = 0; done < into.length; index += 1) {
        const extent: Extent = extents[index] ?? { length: 0, device: 0, offset: 0 };
        const within = tarOffset + done - (starts[index] ?? total);
        const bytes = Math.min(extent.length - within, into.length - done);
        if (bytes <= 0) throw new DataLossError('the recipe of a layer file is not whole');
        readInto(fds[extent.device] ?? -1, extent.offset + within, into.subarray(done, done + bytes));
        done += bytes;
      }
    },
    isAt(tarOffset, { path, offset, length }) {
      const index = lastAtMost(starts, tarOffset);
      const extent = extents[index];
      const within = tarOffset - (starts[index] ?? 0);
      return (
        extent !== undefined &&
        paths[extent.device] === path &&
        extent.offset + within === offset &&
        within + length <= extent.length
      );
    },
    [Symbol.dispose]: () => held.dispose(),
  };
}

function openPart(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Index of the last number that is not above the limit. */
function lastAtMost(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= limit) low = middle;
    else high = middle;
  }
  return low;
}
