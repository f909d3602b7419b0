import { InvalidArgumentError } from '#lib/errors.ts';
import { number } from './block.ts';
import type { SparseRegion } from './header.ts';
import { type PaxRecords, paxText } from './pax.ts';

export const SPARSE_REGIONS_LIMIT = 1_000_000;

/** The first regions of an old GNU sparse header: four in the header itself, 21 in each block that follows. */
export function gnuSparseRegions(block: Buffer, place: { offset: number; count: number }): SparseRegion[] {
  const regions: SparseRegion[] = [];
  for (let index = 0; index < place.count; index++) {
    const at = place.offset + index * 24;
    if (block[at] === 0) break;
    regions.push({ offset: number(block, at, 12), length: number(block, at + 12, 12) });
  }
  return regions;
}

/** The map of GNU sparse 0.0 and 0.1: `offset,length,offset,length`. */
export function paxSparseMap(records: PaxRecords): SparseRegion[] | undefined {
  const map = paxText(records, 'GNU.sparse.map');
  if (map === undefined) return undefined;
  return pairs(map.split(','));
}

/**
 * The map of GNU sparse 1.0, which begins the content: a count and pairs of decimal numbers, one a line, filled up to a block.
 * Undefined while more bytes are needed.
 */
export function leadingSparseMap(bytes: Buffer): { regions: SparseRegion[]; length: number } | undefined {
  const first = bytes.indexOf(0x0a);
  if (first < 0) return undefined;
  const count = decimal(bytes.toString('latin1', 0, first));
  if (count > SPARSE_REGIONS_LIMIT) throw new InvalidArgumentError('broken tar: too many regions in a sparse file');
  let at = first + 1;
  const numbers: string[] = [];
  while (numbers.length < count * 2) {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) return undefined;
    numbers.push(bytes.toString('latin1', at, end));
    at = end + 1;
  }
  const length = Math.ceil(at / 512) * 512;
  return bytes.length < length ? undefined : { regions: pairs(numbers), length };
}

/** @throws {InvalidArgumentError} unless regions ascend, stay within the file and hold exactly the bytes that are stored */
export function checkSparse(regions: readonly SparseRegion[], size: number, storedBytes: number): void {
  let end = 0;
  let stored = 0;
  for (const { offset, length } of regions) {
    if (offset < end || offset + length > size)
      throw new InvalidArgumentError('broken tar: a sparse file has a wrong map');
    end = offset + length;
    stored += length;
  }
  if (stored !== storedBytes) throw new InvalidArgumentError('broken tar: a sparse file has another size than its map');
}

function pairs(numbers: readonly string[]): SparseRegion[] {
  if (numbers.length % 2 !== 0) throw new InvalidArgumentError('broken tar: a sparse file has a broken map');
  const regions: SparseRegion[] = [];
  for (let index = 0; index < numbers.length; index += 2)
    regions.push({ offset: decimal(numbers[index] ?? ''), length: decimal(numbers[index + 1] ?? '') });
  return regions;
}

function decimal(digits: string): number {
  const value = Number(digits);
  if (!/^\d{1,16}$/.test(digits) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('broken tar: a sparse file has a broken map');
  return value;
}
