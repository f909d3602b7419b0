import { expect, test } from 'vitest';
import { readDockerfile } from '#dockerfile/program.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import type { BuildRun, StageRun } from '../build-run.ts';
import { planBuild } from '../stages/plan.ts';
import { beginningsOf, noteStep, stagesTaken } from './change-trail.ts';
import type { Explanation } from './explanation.ts';

const TEXT = 'FROM a AS build\nCOPY src /src\nRUN make\nFROM b\nCOPY --from=build /out /out\nRUN use\nFROM build\n';
const UNCHANGED: Explanation = { reason: 'unchanged', text: '', changes: [] };
const CHANGED: Explanation = { reason: 'changed', text: '', changes: ['x changed', 'y changed', 'z changed'] };
const BEFORE: Explanation = { reason: 'before', text: '', changes: [] };

/** Steps of one build; a step is its stage and its title. */
function steps(): (index: number, name: string) => StageRun {
  const program = readDockerfile(TEXT);
  const build = { plan: planBuild(program, { target: '', buildArgs: new Map() }, hostPlatform()) } as BuildRun;
  return (index, name) => {
    const run = { build, index, vertex: { facts: { name: `[${index}/2] ${name}` } } } as StageRun;
    const instruction = program.stages[index]?.instructions.find(({ node }) => node.original === name);
    return instruction === undefined ? run : { ...run, takesFrom: stagesTaken(run, instruction) };
  };
}

test('the first step that was done anew is what the others follow from', () => {
  const step = steps();
  noteStep(step(0, 'ARG A'), UNCHANGED);
  expect(beginningsOf(step(0, 'COPY src /src'))).toMatchObject({ before: undefined, cause: undefined });
  noteStep(step(0, 'COPY src /src'), CHANGED);
  noteStep(step(0, 'RUN make'), BEFORE);
  expect(beginningsOf(step(0, 'RUN more'))).toMatchObject({
    before: 'RUN make',
    cause: { step: 'COPY src /src', changes: 'x changed, y changed and 1 more', stage: undefined },
  });
});

test('what is copied from a stage, or begins with it, follows from what happened there', () => {
  const step = steps();
  noteStep(step(0, 'COPY src /src'), CHANGED);
  const cause = { step: 'COPY src /src', changes: 'x changed, y changed and 1 more', stage: 'build' };
  const copy = step(1, 'COPY --from=build /out /out');
  expect(copy.takesFrom).toEqual([0]);
  expect(beginningsOf(copy).taken).toEqual(cause);
  noteStep(copy, CHANGED);
  expect(beginningsOf(step(1, 'RUN use'))).toMatchObject({ before: 'COPY --from=build /out /out', cause });
  expect(beginningsOf(step(2, 'RUN other'))).toMatchObject({ before: undefined, cause });
});

test('a base image that changed is the cause of all that is done on it', () => {
  const step = steps();
  noteStep(step(1, 'RUN first'), { reason: 'base', text: '', changes: [] });
  expect(beginningsOf(step(1, 'RUN use')).cause).toEqual({
    step: 'FROM b',
    changes: 'the image changed',
    stage: undefined,
  });
});
