/** A part of a file, bytes. */
export interface Range {
  offset: number;
  length: number;
}

/** The same bytes in as few ranges as possible, in order. */
export function unionOf(ranges: readonly Range[]): Range[] {
  const union: Range[] = [];
  for (const { offset, length } of ranges.toSorted((a, b) => a.offset - b.offset)) {
    const last = union.at(-1);
    if (last === undefined || offset > last.offset + last.length) union.push({ offset, length });
    else last.length = Math.max(last.length, offset + length - last.offset);
  }
  return union;
}

/** What lies between `from` and `to` and in none of the ranges; edges are moved inward to multiples of `unit`, because only whole blocks are given back. */
export function gapsOf(
  union: readonly Range[],
  { from, to, unit }: { from: number; to: number; unit: number },
): Range[] {
  const gaps: Range[] = [];
  let at = from;
  for (const { offset, length } of [...union, { offset: to, length: 0 }]) {
    const start = Math.ceil(at / unit) * unit;
    const end = Math.floor(Math.min(offset, to) / unit) * unit;
    if (end > start) gaps.push({ offset: start, length: end - start });
    at = Math.max(at, offset + length);
  }
  return gaps;
}

/** Whether all bytes of a part of a file are in the ranges. */
export function covers(union: readonly Range[], { offset, length }: Range): boolean {
  const range = firstEndingBehind(union, offset);
  return (
    length === 0 || (range !== undefined && range.offset <= offset && offset + length <= range.offset + range.length)
  );
}

/** Whether a part of a file has a byte in one of the ranges. */
export function touches(union: readonly Range[], { offset, length }: Range): boolean {
  const next = firstEndingBehind(union, offset);
  return next !== undefined && next.offset < offset + length;
}

function firstEndingBehind(union: readonly Range[], offset: number): Range | undefined {
  let low = 0;
  let high = union.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = union[middle];
    if (range !== undefined && range.offset + range.length <= offset) low = middle + 1;
    else high = middle;
  }
  return union[low];
}
