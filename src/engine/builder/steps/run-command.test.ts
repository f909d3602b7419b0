import { expect, test } from 'vitest';
import type { RunInstruction } from '#dockerfile/instruction.ts';
import { readDockerfile } from '#dockerfile/program.ts';
import { type RunCommand, runCommand } from './run-command.ts';

const SHELL = ['/bin/sh', '-c'];

function commandOf(run: string): RunCommand {
  const [instruction] = readDockerfile(`FROM a\nRUN ${run}\n`).stages[0]?.instructions ?? [];
  return runCommand(SHELL, instruction as RunInstruction);
}

test.each([
  ['echo $A "b c"', [...SHELL, 'echo $A "b c"']],
  ['["echo", "$A", "b c"]', ['echo', '$A', 'b c']],
  ['["not json', [...SHELL, '["not json']],
  ['<<EOF\nfirst $A\nsecond\nEOF', [...SHELL, 'first $A\nsecond\n']],
  ['<<-EOF\n\ttabs\n\t\tgo\n\tEOF', [...SHELL, 'tabs\ngo\n']],
  ['cat <<A <<"B" > x\none\nA\ntwo\nB', [...SHELL, 'cat <<A <<"B" > x\none\nA\ntwo\nB']],
  ['cat 3<<C <&3\nthree\nC', [...SHELL, 'cat 3<<C <&3\nthree\nC']],
  ['<<EOF cat\nfour\nEOF', [...SHELL, '<<EOF cat\nfour\nEOF']],
  ['["<<EOF"]', ['<<EOF']],
])('%j', (text, args) => {
  expect(commandOf(text)).toEqual({ args });
});

test('a heredoc that begins with #! is a program, started by the shell', () => {
  expect(commandOf('<<-PY\n\t#!/usr/bin/env python\n\tprint(1)\n\tPY')).toEqual({
    args: [...SHELL, '/dev/pipes/PY'],
    script: { path: '/dev/pipes/PY', text: '#!/usr/bin/env python\nprint(1)\n' },
  });
});

test('RUN [] has nothing to run, and RUN alone gives the shell nothing', () => {
  expect(() => commandOf('[]')).toThrow('RUN has no command');
  expect(commandOf('')).toEqual({ args: [...SHELL, ''] });
});
