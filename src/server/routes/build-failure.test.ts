import { expect, test } from 'vitest';
import { StepFailure } from '#engine/builder/steps/step-failure.ts';
import { CancelledError, NotFoundError } from '#lib/errors.ts';
import { buildFailure, type FailedLines } from './build-failure.ts';

const failed: FailedLines = { file: 'D', text: 'FROM a\nRUN false\n', lines: { start: 2, end: 2 } };
const end = { command: '/bin/sh -c false', exitCode: 7, oomKilled: false, diskFull: false, tail: ['said'] };

function message(error: unknown, isTraced: boolean): string {
  const { error: text, errorDetail } = buildFailure(error, { isTraced, failed });
  expect(errorDetail?.message).toBe(text);
  return text ?? '';
}

test('the end of a command is told in the words of the protocol, with its place where nothing else shows it', () => {
  const failure = new StepFailure(end);
  expect(message(failure, false)).toBe("The command '/bin/sh -c false' returned a non-zero code: 7");
  expect(buildFailure(failure, { isTraced: false, failed }).errorDetail).toMatchObject({ code: 7, why: 'said' });
  expect(message(failure, true)).toBe(
    'process "/bin/sh -c false" did not complete successfully: exit code: 7\nD:2:1\n  1 | FROM a\n> 2 | RUN false\n    | ^',
  );
});

test('reason and advice are in the message, once', () => {
  const error = new NotFoundError('not there', { why: 'D:2:1\n> 2 | COPY x y', hint: 'make it' });
  for (const isTraced of [true, false])
    expect(message(error, isTraced)).toBe('not there\nD:2:1\n> 2 | COPY x y\nmake it');
  expect(message(new NotFoundError('not there, for it is gone', { why: 'it is gone' }), false)).toBe(
    'not there, for it is gone',
  );
});

test('a build that was cancelled says so', () => {
  expect(message(new CancelledError('whatever'), true)).toBe('build cancelled');
  expect(message(new TypeError('a defect'), true)).toBe('a defect');
});
