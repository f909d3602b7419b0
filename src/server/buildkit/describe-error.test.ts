import { expect, test } from 'vitest';
import { readDockerfile } from '#dockerfile/program.ts';
import { StepFailure } from '#engine/builder/steps/step-failure.ts';
import { CancelledError, InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import { describeError, StatusError } from './describe-error.ts';

interface Shown {
  info: { filename: string; data: string };
  ranges: { start: { line: number }; end: { line: number } }[];
}

function placeIn(error: unknown, place?: Parameters<typeof describeError>[1]): Shown & { text: string } {
  const [detail] = describeError(error, place).details;
  const shown = JSON.parse(Buffer.from(detail?.value ?? '').toString()) as Shown;
  return { ...shown, text: Buffer.from(shown.info.data, 'base64').toString() };
}

const FAILED = new StepFailure({ command: 'sh -c a', exitCode: 7, oomKilled: false, diskFull: false, tail: ['last'] });
const PLACE = { file: 'Dockerfile', text: 'FROM a\nRUN b\n', lines: { start: 2, end: 2 } };

test('a step that failed is its command and code, at its lines', () => {
  expect(describeError(FAILED, PLACE)).toMatchObject({
    code: 2,
    message: 'process "sh -c a" did not complete successfully: exit code: 7',
    details: [{ typeUrl: 'github.com/moby/buildkit/errdefs.Source+json' }],
  });
  expect(placeIn(FAILED, PLACE)).toMatchObject({
    ranges: [{ start: { line: 2 }, end: { line: 2 } }],
    text: PLACE.text,
  });
});

test('a Dockerfile that cannot be read tells its own place, once', () => {
  const error = ((): unknown => {
    try {
      return readDockerfile('FROM a\nCOPPY a b\n', 'D');
    } catch (thrown) {
      return thrown;
    }
  })();
  const { message } = describeError(error, PLACE);
  expect(message.split('\n')[0]).toBe(
    'dockerfile parse error on line 2: unknown instruction: COPPY (did you mean COPY?)',
  );
  expect(message).not.toContain('2 | COPPY');
  expect(placeIn(error).info.filename).toBe('D');
});

test('codes that clients would write before the message are kept for what they know', () => {
  expect(describeError(new CancelledError('x'))).toMatchObject({ code: 1, message: 'context canceled' });
  expect(describeError(new NotImplementedError('x')).code).toBe(12);
  expect(describeError(new InvalidArgumentError('x', { why: 'y', hint: 'z' }))).toMatchObject({
    code: 2,
    message: 'x\ny\nz',
  });
  const bare = new InvalidArgumentError('x', { why: 'y' });
  const placed = new InvalidArgumentError('x', { why: 'y\nD:2:1\n> 2 | RUN b', cause: bare });
  expect(describeError(placed).message).toBe('x\ny');
  const status = { code: 9, message: 'theirs', details: [] };
  expect(describeError(new StatusError(status))).toBe(status);
});

test('of a long file only what is near the place is sent, with all its lines', () => {
  const text = Array.from({ length: 5000 }, (_, index) => `RUN echo ${index + 1} ${'x'.repeat(50)}`).join('\n');
  const shown = placeIn(FAILED, { file: 'D', text, lines: { start: 4000, end: 4001 } });
  const lines = shown.text.split('\n');
  expect(lines).toHaveLength(5000);
  expect(lines[3999]).toContain('RUN echo 4000');
  expect(shown.text.length).toBeLessThan(20_000);
});
