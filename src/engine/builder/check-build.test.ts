import { expect, test } from 'vitest';
import files from '#dockerfile/cases/whole-files.json' with { type: 'json' };
import { checkSteps } from '#dockerfile/check-steps.ts';
import { outline } from '#dockerfile/outline.ts';
import { readDockerfile } from '#dockerfile/program.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import { planBuild } from './stages/plan.ts';

/** All that is done with a Dockerfile before anything runs. */
function look(text: string): unknown {
  const program = readDockerfile(text);
  const { stages } = planBuild(program, { target: '', buildArgs: new Map() }, hostPlatform());
  checkSteps(
    program,
    stages.map(({ stage }) => stage),
  );
  return outline(program);
}

test.each(files.cases as { in: string; error?: boolean }[])(
  '$in is accepted or refused as the reference does',
  (given) => {
    if (given.error === true) expect(() => look(given.in)).toThrow();
    else expect(() => look(given.in)).not.toThrow();
  },
);
