import { expect, test } from 'vitest';
import type { Output } from '../output/output.ts';
import type { BuildSource } from './build-source.ts';
import { createBoard } from './build-board.ts';
import { BuildFailure } from './run-order.ts';
import { tellFailure } from './tell-failure.ts';

const DOCKERFILE = 'FROM base\nENV A=1\nCOPY . .\nRUN first; \\\n    exit 7\n\nUSER app\nCMD ["a"]\n';

function failed({ output, lines }: { output: string; lines: { start: number; end: number } }) {
  const board = createBoard();
  board.add({ kind: 'started', vertex: 'v', name: '[3/3] RUN first', inputs: [], isMinor: false, lines, time: 0 });
  board.add({ kind: 'log', vertex: 'v', stream: 'stdout', bytes: Buffer.from(output).toString('base64') });
  board.add({ kind: 'completed', vertex: 'v', time: 1, isCached: false, error: 'it failed' });
  const notes: string[] = [];
  const to = { note: (text: string) => void notes.push(text), style: () => (_: string, text: string) => text };
  const source = { dockerfile: { name: 'Dockerfile', text: DOCKERFILE, isOutside: false } } as unknown as BuildSource;
  const tell = (error: BuildFailure, form: 'tty' | 'plain' | 'rawjson') =>
    tellFailure(to as unknown as Output, error, { board, form, source });
  return { notes, tell };
}

function exitOf(code: number, why: string): BuildFailure {
  const error = new BuildFailure(`The command 'first' returned a non-zero code: ${code}`, { why });
  error.exitCode = code;
  return error;
}

const EXCERPT = [
  '',
  'Dockerfile:4',
  '  2 | ENV A=1',
  '  3 | COPY . .',
  '> 4 | RUN first; \\',
  '> 5 |     exit 7',
  '  6 | ',
  '  7 | USER app',
  '',
];

test('a step that failed: what it wrote, once, and where it stands; what the output does not tell remains as cause', () => {
  const { notes, tell } = failed({ output: 'one\n\u001b[31mtwo\u001b[0m\n', lines: { start: 4, end: 5 } });
  const error = tell(exitOf(137, 'the kernel ended it\none\ntwo'), 'tty');
  expect(notes).toEqual(['', 'one', 'two', ...EXCERPT]);
  expect(error).toMatchObject({
    message: 'the command at Dockerfile:4 ended with exit code 137',
    why: 'the kernel ended it',
    exitCode: 137,
  });
});

test('output that was shown as it came is not repeated; long output is cut at its head', () => {
  const plain = failed({ output: 'one\n', lines: { start: 4, end: 5 } });
  plain.tell(exitOf(7, 'one'), 'plain');
  expect(plain.notes).toEqual(EXCERPT);
  const long = failed({
    output: Array.from({ length: 20 }, (_, index) => `${index}\n`).join(''),
    lines: { start: 4, end: 5 },
  });
  long.tell(exitOf(7, ''), 'tty');
  expect(long.notes.slice(0, 3)).toEqual(['', '…', '8']);
});

test('an error that shows its place itself needs no other excerpt, and rawjson has nothing between its lines', () => {
  const { notes, tell } = failed({ output: '', lines: { start: 3, end: 3 } });
  const placed = new BuildFailure('no such file', {
    why: 'gone\nDockerfile:3:1\n> 3 | COPY . .',
    hint: 'write another',
  });
  expect(tell(placed, 'tty')).toMatchObject({ message: 'no such file', why: 'gone', hint: 'write another' });
  expect(notes).toEqual(['', 'Dockerfile:3:1', '> 3 | COPY . .', '']);
  const exit = exitOf(7, '');
  expect(tell(exit, 'rawjson')).toBe(exit);
  expect(notes).toHaveLength(4);
});
