import { expect, test } from 'vitest';
import { readDockerfile } from '#dockerfile/program.ts';
import { planBuild } from '../stages/plan.ts';
import { contextPaths, covers } from './context-paths.ts';

function pathsOf(text: string, target = ''): string[] {
  const program = readDockerfile(text, 'Dockerfile');
  return contextPaths(planBuild(program, { target, buildArgs: new Map() }, { os: 'linux', architecture: 'amd64' }));
}

test('what the steps of a build will ask the context for', () => {
  expect(
    pathsOf(`FROM scratch AS unused
COPY never /
FROM scratch AS used
COPY a ./b/ ../c /x/
ADD https://example.com/file https://example.com/x.git *.tar /y/
COPY --parents d/./e <<TEXT /z/
TEXT
FROM scratch
COPY --from=used / /
RUN --mount=type=bind,source=f/g,target=/m --mount=type=bind,from=used,source=h,target=/n true
ARG V=v
COPY $V/w /x
`),
  ).toEqual(['*.tar', 'a', 'b', 'c', 'd/e', 'f/g']);
  expect(pathsOf('FROM scratch\nCOPY . /\n')).toEqual(['']);
  expect(pathsOf('FROM scratch\nCOPY --parents a/**/*.py /\n')).toEqual(['a']);
  expect(pathsOf('FROM scratch\nRUN --mount=type=bind,target=/m true\n')).toEqual(['']);
});

test('whether what is wanted was asked for', () => {
  expect(covers(undefined, ['a'])).toBe(true);
  expect(covers([''], ['a', 'b/c'])).toBe(true);
  expect(covers(['a', 'b'], ['a', 'b/c'])).toBe(true);
  expect(covers(['a'], ['ab'])).toBe(false);
  expect(covers([], ['a'])).toBe(false);
  expect(covers([], [])).toBe(true);
});
