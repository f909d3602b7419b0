import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { planProject } from '#ml/plan/plan-project.ts';
import { comparePlan, type ExpectedPlan } from '../../test/fixtures/compare-plan.ts';
import { openTree } from './open-tree.ts';

// Small projects with the plan that somebody wrote by hand for each: test/fixtures/README.md.

const FOLDER = 'test/fixtures';
const NAMES = readdirSync(`${FOLDER}/plans`).map((file) => file.replace(/\.json$/, ''));
const NOT_YET = JSON.parse(readFileSync(`${FOLDER}/not-yet.json`, 'utf8')) as string[];

test.each(NAMES)('the plan of %s', async (name) => {
  const expected = JSON.parse(readFileSync(`${FOLDER}/plans/${name}.json`, 'utf8')) as ExpectedPlan;
  const plan = await planProject(await openTree(`${FOLDER}/projects/${name}`), {
    directory: name,
    ...expected.options,
  });
  const differences = comparePlan(plan, expected);
  if (!NOT_YET.includes(name)) expect(differences, expected.purpose).toEqual([]);
  else expect(differences, `${name} is right: take it off not-yet.json`).not.toEqual([]);
});

test('every project has its plan, and the list of those that are not right yet names only these', () => {
  expect(readdirSync(`${FOLDER}/projects`).toSorted()).toEqual(NAMES.toSorted());
  expect(NOT_YET.filter((name) => !NAMES.includes(name))).toEqual([]);
  expect(NAMES.length).toBeGreaterThan(60);
});
