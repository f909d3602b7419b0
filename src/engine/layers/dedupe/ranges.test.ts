import { expect, test } from 'vitest';
import { gapsOf, touches, unionOf } from './ranges.ts';

test('ranges that touch or overlap become one', () => {
  const ranges = [
    { offset: 30, length: 10 },
    { offset: 0, length: 10 },
    { offset: 10, length: 5 },
    { offset: 12, length: 2 },
    { offset: 39, length: 6 },
  ];
  expect(unionOf(ranges)).toEqual([
    { offset: 0, length: 15 },
    { offset: 30, length: 15 },
  ]);
});

test('only whole blocks lie between ranges', () => {
  const union = [
    { offset: 4096, length: 512 },
    { offset: 12_288, length: 4096 },
    { offset: 17_000, length: 100 },
  ];
  expect(gapsOf(union, { from: 4096, to: 40_000, unit: 4096 })).toEqual([
    { offset: 8192, length: 4096 },
    { offset: 20_480, length: 16_384 },
  ]);
  expect(gapsOf([], { from: 4096, to: 8191, unit: 4096 })).toEqual([]);
  expect(gapsOf([], { from: 4096, to: 12_288, unit: 4096 })).toEqual([{ offset: 4096, length: 8192 }]);
});

test('unions and gaps agree with a byte by byte count', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    let word = seed;
    const next = (limit: number): number => {
      word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
      return word % limit;
    };
    const ranges = Array.from({ length: next(12) }, () => ({ offset: next(200), length: next(30) + 1 }));
    const used = new Set(ranges.flatMap(({ offset, length }) => Array.from({ length }, (_, index) => offset + index)));
    const union = unionOf(ranges);
    for (let at = 0; at < 240; at += 1) expect(touches(union, { offset: at, length: 1 })).toBe(used.has(at));
    const free = gapsOf(union, { from: 16, to: 230, unit: 4 }).flatMap(({ offset, length }) =>
      Array.from({ length: length / 4 }, (_, index) => offset + index * 4),
    );
    const expected = Array.from({ length: 53 }, (_, index) => 16 + index * 4).filter(
      (at) => at + 4 <= 230 && [0, 1, 2, 3].every((step) => !used.has(at + step)),
    );
    expect(free).toEqual(expected);
  }
});
