import { expect, test } from 'vitest';
import { type Column, tableLines } from './table.ts';
import { clean, cleanOutput, cutTo, displayWidth } from './text.ts';

interface Row {
  name: string;
  image: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'IMAGE', shrinks: true, text: ({ image }) => image },
  { title: 'END', text: () => 'x' },
];

test('columns are as wide as their widest cell', () => {
  expect(
    tableLines(COLUMNS, [
      { name: 'a', image: 'long image' },
      { name: 'second', image: 'b' },
    ]),
  ).toEqual(['NAME     IMAGE        END', 'a        long image   x', 'second   b            x']);
});

test('wide and combining characters take the columns that a terminal gives them', () => {
  expect(displayWidth('日本')).toBe(4);
  expect(displayWidth('e\u0301')).toBe(1);
  const [, first, second] = tableLines(COLUMNS, [
    { name: '日本', image: 'i' },
    { name: 'abcd', image: 'i' },
  ]);
  expect(first).toBe('日本   i       x');
  expect(second).toBe('abcd   i       x');
});

test('a table too wide for the terminal is cut where it may be', () => {
  const lines = tableLines(COLUMNS, [{ name: 'name', image: 'x'.repeat(60) }], { width: 40 });
  for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(40);
  expect(lines[1]).toContain('…');
  expect(lines[1]).toMatch(/^name /);
});

test('a table that cannot be made narrow enough is printed all the same', () => {
  expect(tableLines(COLUMNS, [{ name: 'n'.repeat(50), image: 'i' }], { width: 20 })[1]).toContain('n'.repeat(50));
});

test('what others wrote cannot steer the terminal', () => {
  expect(clean('a\u001b]0;title\u0007b\u009b31mc\u202ed')).toBe('a]0;titleb31mcd');
  expect(tableLines([{ title: 'T', text: () => 'two\nlines\u001b[2J' }], [1])[1]).toBe('two lines[2J');
  expect(cleanOutput('\u001b[31mred\u001b[0m\u001b[2Jx\n', { colours: true })).toBe('\u001b[31mred\u001b[0m[2Jx\n');
  expect(cleanOutput('\u001b[31mred\u001b[0m\n', { colours: false })).toBe('red\n');
});

test('a cut text keeps within its width', () => {
  expect(cutTo('abcdef', 4)).toBe('abc…');
  expect(cutTo('日本語', 4)).toBe('日…');
  expect(cutTo('abc', 3)).toBe('abc');
});
