import { describe, expect, test } from 'vitest';
import { readDockerfile } from './program.ts';
import { commandsOfRun, shellCommands } from './shell-commands.ts';

const words = (script: string): string[][] => shellCommands(script).map((command) => command.words);

test.each<[string, string[][]]>([
  ['pip install a b', [['pip', 'install', 'a', 'b']]],
  ['a && b || c; d | e\nf & g', [['a'], ['b'], ['c'], ['d'], ['e'], ['f'], ['g']]],
  [`pip install "torch>=2" 'x y' a\\ b`, [['pip', 'install', 'torch>=2', 'x y', 'a b']]],
  ['/opt/venv/bin/pip3 install x', [['pip3', 'install', 'x']]],
  ['python3.11 -m pip install x', [['pip', 'install', 'x']]],
  ['A=1 B="2 3" sudo -E env C=4 pip install x', [['pip', 'install', 'x']]],
  ['echo hi > /dev/null 2>&1 && b', [['echo', 'hi'], ['b']]],
  ['x $(cat a; b) `c && d` ${E:-f g}', [['x', '$(cat a; b)', '`c && d`', '${E:-f g}']]],
  ['a # b && c\nd', [['a'], ['d']]],
  ['a \\\n  b', [['a', 'b']]],
  ['if true; then pip install x; fi', [['true'], ['pip', 'install', 'x'], ['fi']]],
  ['(cd /x && make)', [['cd', '/x'], ['make']]],
  [
    'set -eux; a "unclosed',
    [
      ['set', '-eux'],
      ['a', 'unclosed'],
    ],
  ],
  ['', []],
  ['A=1', []],
])('%j', (script, commands) => {
  expect(words(script)).toEqual(commands);
});

test('assignments in front and what joins commands', () => {
  expect(shellCommands('A=1 x && y')).toEqual([
    { words: ['x'], assignments: new Map([['A', '1']]), before: '' },
    { words: ['y'], assignments: new Map(), before: '&&' },
  ]);
});

function commandsOf(text: string): string[][] {
  const [instruction] = readDockerfile(`FROM a\n${text}\n`).stages[0]?.instructions ?? [];
  return instruction?.kind === 'run' ? commandsOfRun(instruction).map((command) => command.words) : [];
}

describe('the commands of RUN', () => {
  test.each<[string, string[][]]>([
    ['RUN a && \\\n  # no\n  b', [['a'], ['b']]],
    ['RUN ["pip", "install", "x y"]', [['pip', 'install', 'x y']]],
    ['RUN ["/bin/bash", "-ec", "a && b"]', [['a'], ['b']]],
    ['RUN <<E\na\nb \\\n c\nE', [['a'], ['b', 'c']]],
    ['RUN <<E\n#!/usr/bin/env bash\na\nE', [['a']]],
    ['RUN <<E\n#!/usr/bin/env python3\nimport a\nE', []],
    ['RUN bash -x <<E\na\nE', [['bash', '-x'], ['a']]],
    ['RUN python <<E\nimport a\nE', [['python']]],
  ])('%s', (text, expected) => {
    expect(commandsOf(text)).toEqual(expected);
  });
});
