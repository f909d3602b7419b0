import { expect, test } from 'vitest';
import { instructionTitle } from './instruction-title.ts';
import { readDockerfile } from './program.ts';

function titles(text: string): string[] {
  return (readDockerfile(`FROM a\n${text}`).stages[0]?.instructions ?? []).map(instructionTitle);
}

test('a script in a heredoc is shown by its first line', () => {
  expect(titles('RUN <<EOF\n\n  echo one\n  echo two\nEOF\n')).toEqual(['RUN <<EOF (echo one...)']);
  expect(titles('RUN --network=none <<-"E"\n\techo alone\nE\n')).toEqual(['RUN --network=none <<-"E" (echo alone)']);
  expect(titles('RUN <<EOF\n#!/usr/bin/env python3\r\nprint(1)\r\nEOF\n')).toEqual([
    'RUN <<EOF (#!/usr/bin/env python3...)',
  ]);
});

test('what only has a heredoc for its input, or a file, is shown as it is written', () => {
  const texts = ['RUN cat <<EOF > /x\none\nEOF', 'COPY <<EOF /x\none\nEOF', 'RUN ["a", "<<EOF"]', 'RUN echo $A'];
  expect(titles(`${texts.join('\n')}\n`)).toEqual(texts.map((text) => text.split('\n')[0]));
});
