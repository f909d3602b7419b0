import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { type List, printDocuments, printList } from './list.ts';
import type { Output } from './output.ts';
import { tableLines } from './table.ts';

/** Collects the lines of the result. */
function collect(): { output: Output; lines: string[] } {
  const lines: string[] = [];
  const output = {
    line: (text = '') => lines.push(text),
    table: (columns: never, rows: never) => lines.push(...tableLines(columns, rows)),
    stdout: new PassThrough(),
  } as unknown as Output;
  return { output, lines };
}

const LIST: Omit<List, 'format'> = {
  columns: [
    { field: 'ID', title: 'CONTAINER ID' },
    { field: 'Names', title: 'NAMES' },
  ],
  rows: [{ ID: '0123', Names: 'web', State: 'running', Label: (key: string) => (key === 'a' ? '1' : '') }],
};

test.each([
  [undefined, ['CONTAINER ID   NAMES', '0123           web']],
  ['table', ['CONTAINER ID   NAMES', '0123           web']],
  ['json', ['{"ID":"0123","Names":"web","State":"running"}']],
  ['{{.ID}} {{.Label "a"}}', ['0123 1']],
  ['table {{.Names}}\\t{{.State}}', ['NAMES   STATE', 'web     running']],
])('a list in the form %s', (format, expected) => {
  const { output, lines } = collect();
  printList(output, { ...LIST, format });
  expect(lines).toEqual(expected);
});

test('a table by template has its titles without rows, too', () => {
  const { output, lines } = collect();
  printList(output, { ...LIST, rows: [], format: 'table {{.ID}}\\t{{.CreatedAt}}' });
  expect(lines).toEqual(['CONTAINER ID   CREATED AT']);
});

test('quiet is ids alone, unless a form is asked for', () => {
  const { output, lines } = collect();
  printList(output, { ...LIST, format: undefined, quiet: 'ID' });
  printList(output, { ...LIST, format: '{{.Names}}', quiet: 'ID' });
  expect(lines).toEqual(['0123', 'web']);
});

test('documents are one list, or a line each', () => {
  const { output, lines } = collect();
  printDocuments(output, [{ a: 1 }, { a: 2 }], '{{.a}}');
  printDocuments(output, [], undefined);
  expect(lines).toEqual(['1', '2', '[]']);
});
