import { expect, test } from 'vitest';
import { InternalError, InvalidArgumentError } from '#lib/errors.ts';
import { startFailure, StepFailure } from './step-failure.ts';

function failure(
  exitCode: number,
  more: { oomKilled?: boolean; diskFull?: boolean; tail?: string[] } = {},
): StepFailure {
  return new StepFailure({ command: '/bin/sh -c x', exitCode, oomKilled: false, diskFull: false, tail: [], ...more });
}

test('the code and the command are told, as both builders word it', () => {
  const { message, processMessage, exitCode } = failure(7);
  expect(exitCode).toBe(7);
  expect(message).toBe("The command '/bin/sh -c x' returned a non-zero code: 7");
  expect(processMessage).toBe('process "/bin/sh -c x" did not complete successfully: exit code: 7');
});

test('the last lines are the reason', () => {
  expect(failure(1, { tail: ['a', 'b'] }).why).toBe('a\nb');
});

test('too little memory is told with a way out', () => {
  const { why, hint } = failure(137, { oomKilled: true });
  expect(why).toContain('more memory');
  expect(hint).toContain('--memory');
});

test('a full disk is told with a way out', () => {
  const { why, hint } = failure(1, { diskFull: true, tail: ['No space left on device'] });
  expect(why).toBe('no space is left on the disk of the data root\nNo space left on device');
  expect(hint).toContain('free some space');
});

test.each([
  ['/bin/sh: curl: not found', 'program curl'],
  ['/bin/sh: 1: git: not found', 'program git'],
  ['bash: line 1: gcc: command not found', 'program gcc'],
  ['nothing of that', 'no such program'],
])('a missing program is named: %s', (line, words) => {
  expect(failure(127, { tail: [line] }).hint).toContain(words);
});

test('a signal is named', () => {
  expect(failure(139).why).toBe('a signal ended it: SIGSEGV');
  expect(failure(137).why).toBe('a signal ended it: SIGKILL');
});

test('a program that cannot be run is told apart from a missing one', () => {
  expect(failure(126).hint).toContain('mode');
});

test.each([
  [['nope'], 'exec: "nope": executable file not found in $PATH', 127, 'no program nope'],
  [['/bin/sh', '-c', 'x'], 'exec: "/bin/sh": stat /bin/sh: no such file or directory', 127, 'no shell /bin/sh'],
  [['/x'], 'exec: "/x": permission denied', 126, 'look at its mode'],
])('a command that cannot be started: %j', (args, said, exitCode, hint) => {
  const error = new InvalidArgumentError(
    `OCI runtime create failed: unable to start container process: ${said}: unknown`,
  );
  const found = startFailure(error, args);
  expect(found).toMatchObject({ exitCode, why: said });
  expect(found?.hint).toContain(hint);
});

test('another error is not told as a failed command', () => {
  expect(startFailure(new InvalidArgumentError('unable to find user x'), ['a'])).toBeUndefined();
  expect(startFailure(new InternalError('exec: "x": y'), ['a'])).toBeUndefined();
});
