import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '#lib/errors.ts';
import type { Digest } from '#oci/digest.ts';
import { punchHole } from '#linux/file-ranges.ts';
import { DATA_OFFSET, type Extent } from '../format.ts';
import { readLayerFile, readLayerHeader } from '../layer-file.ts';
import type { LayerRecords, StoredLayer } from '../records.ts';
import { gapsOf, type Range, unionOf } from './ranges.ts';

/** Where layers are. */
export interface LayerPlaces {
  /** Folder of the layers' files. */
  root: string;
  records: LayerRecords;
}

/** File systems give space back in blocks of this size. */
const UNIT = 4096;
const SECTOR_BYTES = 512;

/** The parts of a donor's file that layers refer to; undefined if that cannot be found out, because a file of theirs is not readable. */
export function neededRanges(places: LayerPlaces, donor: StoredLayer): Range[] | undefined {
  const ranges: Range[] = [];
  for (const diffId of places.records.dependents(donor.diffId)) {
    const dependent = places.records.find(diffId);
    // What a layer that is none any more refers to is needed by those only that refer to it there themselves.
    if (dependent === undefined || dependent.state === 'donor') continue;
    const used = usedRanges(join(places.root, dependent.file), donor.diffId);
    if (used === undefined) return undefined;
    for (const { offset, length } of used) ranges.push({ offset, length });
  }
  return unionOf(ranges);
}

/** What a layer's file says of a donor; undefined if it cannot be read, or does not name the donor as its record does. */
function usedRanges(path: string, donor: Digest): Extent[] | undefined {
  try {
    const { trailer } = readLayerFile(path);
    const device = trailer.donors.indexOf(donor) + 1;
    return device === 0 ? undefined : trailer.extents.filter((extent) => extent.device === device);
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}

/** Gives back what nobody needs of a donor that is no layer any more. @param isOver asked before each step */
export async function shrinkDonor(places: LayerPlaces, donor: StoredLayer, isOver: () => boolean): Promise<void> {
  const needed = neededRanges(places, donor);
  if (needed === undefined) return;
  const path = join(places.root, donor.file);
  const { metaOffset } = readLayerHeader(path);
  await using file = await open(path, 'r+');
  for (const gap of gapsOf(needed, { from: DATA_OFFSET, to: metaOffset, unit: UNIT })) {
    if (isOver()) break;
    await punchHole({ fd: file.fd, ...gap });
  }
  const after = await diskBytes(path);
  if (after !== donor.diskBytes) places.records.setDiskBytes(donor.diffId, donor.file, after);
}

async function diskBytes(path: string): Promise<number> {
  const { blocks } = await stat(path);
  return blocks * SECTOR_BYTES;
}
