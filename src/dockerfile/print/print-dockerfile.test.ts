import { expect, test } from 'vitest';
import { printDockerfile } from './print-dockerfile.ts';

const TEXT = [
  '# escape=`',
  '# BASE where to begin',
  'ARG BASE=python:3.12',
  'FROM $BASE AS build',
  'RUN --mount=type=cache,target=/c <<E',
  'a $B',
  'E',
  'FROM scratch AS unused',
  'ONBUILD RUN x',
  'FROM debian',
  'COPY --from=build --link /a `',
  '  /b',
  'CMD ["a", "b"]',
  '',
].join('\n');

test('as it was split', () => {
  expect(printDockerfile(TEXT, 'ast')).toBe(
    [
      'directive escape `',
      '    3  ARG "BASE=python:3.12"',
      '         comment escape=`',
      '         comment BASE where to begin',
      '    4  FROM "$BASE" "AS" "build"',
      '  5-7  RUN "<<E"',
      '         flag --mount=type=cache,target=/c',
      '         heredoc E expand',
      '         | a $B',
      '    8  FROM "scratch" "AS" "unused"',
      '    9  ONBUILD',
      '         RUN "x"',
      '   10  FROM "debian"',
      '11-12  COPY "/a" "/b"',
      '         flag --from=build',
      '         flag --link',
      '   13  CMD json "a" "b"',
      '',
    ].join('\n'),
  );
});

test('as typed instructions', () => {
  const printed = printDockerfile(TEXT, 'instructions');
  expect(printed).toContain('before the first FROM\n  3 arg\n      args: [{"name":"BASE","value":"python:3.12"}]\n');
  expect(printed).toContain(
    'stage 2 stage-2\n  10 from\n      base: "debian"\n  11-12 copy\n      sources: ["/a"]\n      target: "/b"\n      from: "build"\n      link: true\n',
  );
});

test('as stages and what they need', () => {
  expect(printDockerfile(TEXT, 'graph', { buildArgs: new Map([['BASE', 'alpine:3']]) })).toBe(
    [
      'STAGE  NAME     FROM      COPIES FROM',
      '0      build    alpine:3',
      '1      unused   scratch                not needed',
      '2      stage-2  debian    build        target',
      '',
    ].join('\n'),
  );
});

test('as the steps of a build', () => {
  expect(printDockerfile(TEXT, 'plan')).toBe(
    [
      'stage build',
      '  [build 1/2] FROM python:3.12',
      '  [build 2/2] RUN --mount=type=cache,target=/c <<E  (line 5-7)',
      '',
      'stage stage-2, after build',
      '  [stage-2 1/2] FROM debian',
      '  [stage-2 2/2] COPY --from=build --link /a /b  (line 11-12)',
      '  config: CMD ["a", "b"]  (line 13)',
      '',
      'not needed: unused',
      '',
      'result: stage-2',
      '',
    ].join('\n'),
  );
  expect(printDockerfile(TEXT, 'plan', { target: 'unused' })).toContain(
    'not needed: build, stage-2\n\nresult: unused\n',
  );
});

test('what cannot be read is told with its place', () => {
  expect(() => printDockerfile('FROM a\nRUM x\n', 'plan', { file: 'x/Dockerfile' })).toThrow('x/Dockerfile:2:1');
  expect(() => printDockerfile('FROM a AS b\n', 'graph', { target: 'c' })).toThrow(
    'target stage "c" could not be found',
  );
});
