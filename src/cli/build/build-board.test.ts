import { expect, test } from 'vitest';
import { createBoard } from './build-board.ts';

const started = {
  kind: 'started',
  vertex: 'v',
  name: '[2/2] RUN make',
  inputs: [],
  isMinor: false,
  time: 1000,
} as const;
const log = (text: string) =>
  ({ kind: 'log', vertex: 'v', stream: 'stdout', bytes: Buffer.from(text).toString('base64') }) as const;

test('output comes in whole lines, whatever the pieces are; what is left comes with the end', () => {
  const board = createBoard();
  board.add(started);
  expect(board.add(log('one\ntw')).output).toEqual(['one']);
  expect(board.add(log('o\nrest')).output).toEqual(['two']);
  const { output } = board.add({ kind: 'completed', vertex: 'v', time: 2000, isCached: false });
  expect(output).toEqual(['rest']);
  expect([...board.rows.values()]).toMatchObject([{ number: 1, completed: 2000, tail: ['one', 'two', 'rest'] }]);
});

test('a character that is cut in two is put together, and a carriage return takes the line back', () => {
  const board = createBoard();
  board.add(started);
  const bytes = Buffer.from('10%\r20%\rdone \u00fc\n');
  const cut = (from: number, to?: number) =>
    ({ kind: 'log', vertex: 'v', stream: 'stdout', bytes: bytes.subarray(from, to).toString('base64') }) as const;
  expect(board.add(cut(0, -2)).output).toEqual([]);
  expect(board.add(cut(-2)).output).toEqual(['done \u00fc']);
});

test('what only changes the config is not shown, and what is told of it neither', () => {
  const board = createBoard();
  board.add({ ...started, isMinor: true });
  expect(board.add(log('text\n')).row).toBeUndefined();
  expect(board.rows.size).toBe(0);
});
