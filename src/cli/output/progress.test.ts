import { expect, test } from 'vitest';
import type { ProgressMessage } from '#api/progress.ts';
import type { Output } from './output.ts';
import { showProgress } from './progress.ts';

async function shown(messages: readonly ProgressMessage[], { terminal }: { terminal: boolean }): Promise<string> {
  let text = '';
  const stdout = { isTTY: terminal, columns: 80, rows: 24, write: (piece: string) => (text += piece) };
  async function* source(): AsyncGenerator<ProgressMessage> {
    yield* messages;
  }
  await showProgress({ stdout, stderr: stdout } as unknown as Output, source());
  return text;
}

const PULL: readonly ProgressMessage[] = [
  { status: 'Pulling from library/x', id: '1' },
  { status: 'Pulling fs layer', id: 'aaaa' },
  { status: 'Pulling fs layer', id: 'bbbb' },
  { status: 'Downloading', id: 'aaaa', progressDetail: { current: 1, total: 4 } },
  { status: 'Downloading', id: 'aaaa', progressDetail: { current: 4, total: 4 } },
  { status: 'Pull complete', id: 'aaaa' },
  { status: 'Digest: sha256:00' },
];

test('without a terminal each change is a line, and bars are left out', async () => {
  expect(await shown(PULL, { terminal: false })).toBe(
    [
      '1: Pulling from library/x',
      'aaaa: Pulling fs layer',
      'bbbb: Pulling fs layer',
      'aaaa: Downloading',
      'aaaa: Pull complete',
      'Digest: sha256:00',
      '',
    ].join('\n'),
  );
});

test('on a terminal each id has a line that is written again', async () => {
  const text = await shown(PULL, { terminal: true });
  expect(text).toContain('aaaa: Pulling fs layer\nbbbb: Pulling fs layer\n');
  expect(text.replaceAll('\u001b', '^')).toMatch(/\^\[2A\r\^\[2Kaaaa: Downloading \[=+>\s*\]\s+1B\/4B\^\[2B\r/);
  expect(text).toMatch(/Digest: sha256:00\n$/);
});

test('a build is shown as it is, but for what steers the terminal', async () => {
  const messages = [{ stream: 'Step 1/1 : RUN x\n' }, { stream: '\u001b[31mred\u001b[0m \u001b]0;t\u0007\n' }];
  expect(await shown(messages, { terminal: false })).toBe('Step 1/1 : RUN x\nred ]0;t\n');
  expect(await shown(messages, { terminal: true })).toBe('Step 1/1 : RUN x\n\u001b[31mred\u001b[0m ]0;t\n');
});
