import { expect, test } from 'vitest';
import { DockerfileError } from '#dockerfile/dockerfile-error.ts';
import { readDockerfile } from '#dockerfile/program.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import { type Plan, planBuild } from './plan.ts';
import { resolveWorkdir } from '../steps/config-step.ts';
import { parseStopSignal } from '#dockerfile/stop-signal.ts';

function plan(text: string, target = '', args: Readonly<Record<string, string>> = {}): Plan {
  return planBuild(readDockerfile(text), { target, buildArgs: new Map(Object.entries(args)) }, hostPlatform());
}

const indexes = ({ stages }: Plan): number[] => stages.map(({ stage }) => stage.index);

test('only the stages that the target needs are planned', () => {
  const text = `FROM a AS one
FROM b AS two
RUN --mount=type=bind,from=one,target=/x true
FROM c
COPY --from=two / /
FROM d AS unused
FROM two
COPY --from=2 / /
`;
  expect(indexes(plan(text))).toEqual([0, 1, 2, 4]);
  expect(indexes(plan(text, 'two'))).toEqual([0, 1]);
  expect(indexes(plan(text, '3'))).toEqual([3]);
});

test('the base is named by arguments before FROM', () => {
  const text = 'ARG NAME=a\nARG TAG=${NAME}-1\nFROM $NAME:$TAG\n';
  expect(plan(text).target.base).toBe('a:a-1');
  expect(plan(text, '', { NAME: 'b' }).target.base).toBe('b:b-1');
});

test('a base without a name is shown in its line', () => {
  expect(() => plan('ARG X\nFROM $X\n')).toThrow(DockerfileError);
  expect(() => plan('ARG X\nFROM $X\n')).toThrow('base name ($X) should not be blank');
});

test('a stage cannot take from itself or a later one', () => {
  expect(() => plan('FROM a AS one\nCOPY --from=one / /\n')).toThrow('invalid from flag value one');
  expect(() => plan('FROM a\nCOPY --from=later / /\nFROM b AS later\n')).toThrow('invalid from flag value later');
  expect(() => plan('FROM a\nCOPY --from=1 / /\n')).toThrow('invalid from flag value 1');
});

test('a name that two stages have means the nearest one before', () => {
  const { stages } = plan('FROM a AS x\nFROM b AS x\nFROM x\n');
  expect(stages.map(({ stage }) => stage.index)).toEqual([1, 2]);
});

test('a target that is not there is told with the nearest name', () => {
  expect(() => plan('FROM a AS builder\n', 'bulder')).toThrow('did you mean builder?');
});

test('what ONBUILD of a stage needs is needed by those that begin with it', () => {
  const text = `FROM a AS base
ONBUILD COPY --from=tools /x /y
ONBUILD RUM x
FROM b AS tools
FROM base
`;
  expect(indexes(plan(text))).toEqual([0, 1, 2]);
  expect(indexes(plan(text, 'base'))).toEqual([0]);
});

test('--from takes no variables', () => {
  expect(() => plan('ARG S=one\nFROM a AS one\nFROM b\nCOPY \\\n  --from=$S / /\n')).toThrow(
    'variable expansion is not supported for --from\nDockerfile:5:3',
  );
});

test('WORKDIR begins where the last one ended', () => {
  expect(resolveWorkdir(undefined, 'a')).toBe('/a');
  expect(resolveWorkdir('/a', 'b/../c/')).toBe('/a/c');
  expect(resolveWorkdir('/a', '/b')).toBe('/b');
  expect(resolveWorkdir('/a', '..')).toBe('/');
});

test('STOPSIGNAL takes names and numbers that Linux has', () => {
  for (const signal of ['SIGTERM', 'kill', '9', 'SIGRTMIN+3', 'RTMAX-1']) expect(parseStopSignal(signal)).toBe(signal);
  for (const signal of ['', '0', '65', 'SIGFOO']) expect(() => parseStopSignal(signal)).toThrow('Invalid signal');
});
