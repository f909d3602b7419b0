import { expect, test } from 'vitest';
import { InstructionError } from '#dockerfile/dockerfile-error.ts';
import { readDockerfile } from '#dockerfile/program.ts';
import { InternalError, NotFoundError } from '#lib/errors.ts';
import type { StageRun } from '../build-run.ts';
import { withLocation } from './stage-title.ts';

const program = readDockerfile('FROM parent\nCOPY here \\\n  there\n');
const run = { build: { plan: { program } } } as unknown as StageRun;
const node = { line: 2, endLine: 3 };

async function failure(subject: Parameters<typeof withLocation>[1], error: unknown): Promise<Error> {
  return withLocation(run, subject, () => Promise.reject(error as Error)).then(
    () => expect.unreachable(),
    (reason: Error) => reason,
  );
}

test('an error about the file is given the lines of its instruction', async () => {
  const error = await failure({ node }, new NotFoundError('gone', { why: 'because', hint: 'do' }));
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toMatchObject({
    message: 'gone',
    why: 'because\nDockerfile:2:1\n  1 | FROM parent\n> 2 | COPY here \\\n    | ^^^^\n> 3 |   there',
    hint: 'do',
  });
  expect(await failure({ node }, new InstructionError('bad', { piece: 'there' }))).toMatchObject({
    why: expect.stringContaining('Dockerfile:3:3') as string,
  });
});

test('of a trigger it says which, and the place is where the base is named', async () => {
  const error = await failure({ node: { line: 1, endLine: 1 }, why: 'ONBUILD COPY x y' }, new NotFoundError('gone'));
  expect(error).toMatchObject({
    why: expect.stringContaining('ONBUILD COPY x y\nDockerfile:1:1\n> 1 | FROM') as string,
  });
  // Clients that print the lines themselves are told the rest.
  expect(error.cause).toMatchObject({ message: 'gone', why: 'ONBUILD COPY x y' });
});

test('a defect stays what it is', async () => {
  const defect = new InternalError('x');
  expect(await failure({ node }, defect)).toBe(defect);
});
