import { expect, test } from 'vitest';
import { fitLines } from './show-build.ts';

const done = (...lines: string[]) => ({ lines, isDone: true });
const running = (...lines: string[]) => ({ lines, isDone: false });

test('where the terminal is low, what is done goes before what runs', () => {
  const rows = [done('a'), running('b', 'b1'), done('c'), running('d')];
  expect(fitLines(rows, 5)).toEqual(['a', 'b', 'b1', 'c', 'd']);
  expect(fitLines(rows, 4)).toEqual(['b', 'b1', 'c', 'd']);
  expect(fitLines(rows, 3)).toEqual(['b', 'b1', 'd']);
  expect(fitLines(rows, 2)).toEqual(['b1', 'd']);
  expect(fitLines(rows, Number.POSITIVE_INFINITY)).toHaveLength(5);
});
