import { InvalidArgumentError, TooLargeError } from '#lib/errors.ts';
import { number } from './block.ts';
import type { SparseRegion } from './header.ts';
import { paxNumber, type PaxRecords, paxText } from './pax.ts';

const SPARSE_REGIONS_LIMIT = 1_000_000;

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

/** How a PAX header says that a file is sparse: its map is in the records, begins the content, or there is none that is known. */
export function paxSparseForm(records: PaxRecords): 'records' | 'content' | undefined {
  if (!records.has('GNU.sparse.map') && !records.has('GNU.sparse.major')) return undefined;
  const version = ['GNU.sparse.major', 'GNU.sparse.minor'].map((key) => paxText(records, key) ?? '').join('.');
  if (version === '0.0' || version === '0.1') return 'records';
  if (version === '1.0') return 'content';
  return version === '.' && paxText(records, 'GNU.sparse.map') !== undefined ? 'records' : undefined;
}

/** The map of GNU sparse 0.0 and 0.1: `offset,length,offset,length`. */
export function paxSparseMap(records: PaxRecords): SparseRegion[] {
  const map = paxText(records, 'GNU.sparse.map');
  const numbers = map === undefined ? [] : map.split(',');
  if (paxNumber(records, 'GNU.sparse.numblocks') !== numbers.length / 2) throw brokenMap();
  return pairs(numbers.map(decimal));
}

/** Reads the map of GNU sparse 1.0, which begins the content: a count and pairs of decimal numbers, one a line, filled up to a block. */
export interface SparseMapReader {
  /** @returns the regions once the block was the map's last */
  push(block: Buffer): SparseRegion[] | undefined;
}

/** @param limitBytes the most that a map may have */
export function createSparseMapReader(limitBytes: number): SparseMapReader {
  const numbers: number[] = [];
  let bytes = 0;
  let rest = '';
  return {
    push(block) {
      bytes += block.length;
      if (bytes > limitBytes) throw new TooLargeError(`tar: the map of a sparse file exceeds ${limitBytes} bytes`);
      const lines = (rest + block.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > DIGITS_LIMIT && numbers.length + lines.length <= (numbers[0] ?? 0) * 2) throw brokenMap();
      for (const line of lines) {
        if (numbers.length > 0 && numbers.length > (numbers[0] ?? 0) * 2) break;
        numbers.push(decimal(line));
      }
      const [count = SPARSE_REGIONS_LIMIT] = numbers;
      if (count > SPARSE_REGIONS_LIMIT) throw new InvalidArgumentError('broken tar: too many regions in a sparse file');
      return numbers.length === count * 2 + 1 ? pairs(numbers.slice(1)) : undefined;
    },
  };
}

/** @throws {InvalidArgumentError} unless regions ascend, stay within the file and hold exactly the bytes that are stored */
export function checkSparse(regions: readonly SparseRegion[], size: number, storedBytes: number): void {
  let end = 0;
  let stored = 0;
  if (size < 0) throw brokenMap();
  for (const { offset, length } of regions) {
    if (offset < end || length < 0 || offset + length > size)
      throw new InvalidArgumentError('broken tar: a sparse file has a wrong map');
    end = offset + length;
    stored += length;
  }
  if (stored !== storedBytes) throw new InvalidArgumentError('broken tar: a sparse file has another size than its map');
}

function pairs(numbers: readonly number[]): SparseRegion[] {
  const regions: SparseRegion[] = [];
  for (let index = 0; index < numbers.length; index += 2)
    regions.push({ offset: numbers[index] ?? 0, length: numbers[index + 1] ?? 0 });
  return regions;
}

const DIGITS_LIMIT = 16;

function decimal(digits: string): number {
  const value = Number(digits);
  if (digits.length > DIGITS_LIMIT || !/^\d+$/.test(digits) || !Number.isSafeInteger(value)) throw brokenMap();
  return value;
}

function brokenMap(): InvalidArgumentError {
  return new InvalidArgumentError('broken tar: a sparse file has a broken map');
}
