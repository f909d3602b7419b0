import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import { DockerfileError } from './dockerfile-error.ts';
import { outline } from './outline.ts';
import { readDockerfile } from './program.ts';
import { answerDescribe, answerLint, answerOutline, answerTargets } from './subrequests.ts';
import { listTargets } from './targets.ts';

const TEXT = [
  '# TAG which Python',
  'ARG TAG=3.12',
  'ARG IMAGE=python:${TAG} UNUSED=1',
  '',
  '# build compiles the wheels',
  'FROM $IMAGE AS build',
  '# MODEL small or large',
  'ARG MODEL=small TAG',
  'RUN --mount=type=secret,id=token,required --mount=type=ssh true',
  'RUN --mount=type=secret,target=/run/secrets/key --mount=type=cache,target=/root/.cache true',
  '',
  'FROM scratch AS other',
  'ARG OTHER=1',
  'RUN --mount=type=secret,id=other true',
  '',
  'FROM --platform=$BUILDPLATFORM debian AS Final',
  'ARG SIZE=${MODEL:-none}',
  'COPY --from=build /a /b',
  '',
].join('\n');
const program = readDockerfile(TEXT);
const at = (line: number, end = line): object => ({ ranges: [{ start: { line }, end: { line: end } }] });

test('what can be given to the default target, with what it has without further ado', () => {
  expect(outline(program)).toEqual({
    name: 'final',
    args: [
      { name: 'TAG', value: '3.12', description: 'which Python', location: at(2) },
      { name: 'IMAGE', value: 'python:3.12', location: at(3) },
      { name: 'MODEL', value: 'small', description: 'small or large', location: at(8) },
      { name: 'SIZE', value: 'none', location: at(17) },
    ],
    secrets: [
      { name: 'token', required: true, location: at(9) },
      { name: 'key', location: at(10) },
    ],
    ssh: [{ name: 'default', location: at(9) }],
    cache: [{ id: '/root/.cache', location: at(10) }],
    sources: [Buffer.from(TEXT).toString('base64')],
  });
});

test('what was passed stands for the default, and a target takes only what it needs', () => {
  const buildArgs = new Map([['TAG', '3.13']]);
  expect(outline(program, { target: 'build', buildArgs }).args).toMatchObject([
    { name: 'TAG', value: '3.13' },
    { name: 'IMAGE', value: 'python:3.13' },
    { name: 'MODEL' },
  ]);
  expect(outline(program, { target: '1' })).toEqual({
    name: 'other',
    args: [{ name: 'OTHER', value: '1', location: at(13) }],
    secrets: [{ name: 'other', location: at(14) }],
    sources: [expect.any(String)],
  });
});

test('a target that is misspelt', () => {
  expect(() => outline(program, { target: 'biuld' })).toThrow(InvalidArgumentError);
  expect(() => outline(program, { target: 'biuld' })).toThrow('did you mean build?');
});

test('the stages that can be built', () => {
  expect(listTargets(program).targets).toEqual([
    { name: 'build', description: 'compiles the wheels', base: '$IMAGE', location: at(6) },
    { name: 'other', base: 'scratch', location: at(12) },
    { name: 'final', default: true, base: 'debian', platform: '$BUILDPLATFORM', location: at(16) },
  ]);
});

test('answers as the metadata of a result', () => {
  expect(answerOutline(program, {})['result.txt']).toBe(
    [
      'TARGET:      final',
      '',
      'BUILD ARG  VALUE        DESCRIPTION',
      'TAG        3.12         which Python',
      'IMAGE      python:3.12',
      'MODEL      small        small or large',
      'SIZE       none',
      '',
      'SECRET  REQUIRED',
      'token   required',
      'key',
      '',
      'SSH      REQUIRED',
      'default',
      '',
      'CACHE',
      '/root/.cache',
      '',
    ].join('\n'),
  );
  expect(answerTargets(program)['result.txt']).toContain('final (default)  debian');
  expect(JSON.parse(answerDescribe()['result.json'] ?? '')).toHaveLength(4);
  expect(answerLint([], program.source)['result.statuscode']).toBe('0');
  const broken = new DockerfileError('x', {
    source: program.source,
    location: { line: 2, endLine: 2, column: 1, width: 1 },
  });
  expect(answerLint([], program.source, broken)).toMatchObject({ 'result.statuscode': '1', version: '1.0.0' });
});
