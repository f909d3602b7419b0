import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Reading } from './global-args.ts';
import { readDockerfile } from './program.ts';
import { stageGraph } from './stage-graph.ts';

function reached(text: string, reading: Reading = {}): string[] {
  return stageGraph(readDockerfile(text), reading)
    .stages.filter(({ isReached }) => isReached)
    .map(({ label }) => label);
}

test('a target needs what it begins with, copies and mounts, and what triggers of its base do', () => {
  const text = [
    'ARG FIRST=one',
    'FROM a AS one',
    'FROM a AS two',
    'FROM $FIRST AS three',
    'ONBUILD COPY --from=two /x /y',
    'FROM a AS four',
    'RUN --mount=type=bind,from=0,target=/x true',
    'FROM three',
    '',
  ].join('\n');
  expect(reached(text)).toEqual(['one', 'two', 'three', 'stage-4']);
  expect(reached(text, { target: 'THREE' })).toEqual(['one', 'three']);
  expect(reached(text, { target: 'three', buildArgs: new Map([['FIRST', 'b']]) })).toEqual(['three']);
  expect(reached(text, { target: '3' })).toEqual(['one', 'four']);
});

test('of two stages of one name the later one counts, and none after its user', () => {
  const { stages } = stageGraph(readDockerfile('FROM a AS x\nFROM b AS x\nFROM x\nCOPY --from=y /a /b\nFROM c AS y\n'));
  expect(stages[2]?.baseStage?.index).toBe(1);
  expect(stages[2]?.needs.map(({ stage }) => stage?.index)).toEqual([1, undefined]);
});

test('what is in the result is what the target begins with', () => {
  const { stages } = stageGraph(readDockerfile('FROM a AS x\nFROM b AS y\nFROM x\nCOPY --from=y /a /b\n'));
  expect(stages.map(({ isInResult }) => isInResult)).toEqual([true, false, true]);
});

test('variables of the platform and of the target', () => {
  const { globals } = stageGraph(readDockerfile('ARG A=$TARGETARCH-$TARGETSTAGE B\nFROM a AS last\n'), {
    platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
    buildPlatform: { os: 'linux', architecture: 'amd64' },
  });
  expect(globals.variables.get('A')).toBe('arm-last');
  expect(globals.variables.get('TARGETPLATFORM')).toBe('linux/arm/v7');
  expect(globals.variables.get('BUILDPLATFORM')).toBe('linux/amd64');
  expect(globals.variables.has('B')).toBe(false);
});

test('a target that is not there', () => {
  const program = readDockerfile('FROM a AS build\n');
  const wrong = (): unknown => stageGraph(program, { target: 'biuld' });
  expect(wrong).toThrow(InvalidArgumentError);
  expect(wrong).toThrow('target stage "biuld" could not be found (did you mean build?)');
});
