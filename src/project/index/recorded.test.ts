import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { InternalError } from '#lib/errors.ts';
import type { PackageIndex, Resolution, ResolveQuestion } from '#ml/plan/package-index.ts';
import type { ProjectPlan } from '#ml/plan/plan.ts';
import { planProject } from '#ml/plan/plan-project.ts';
import { openTree } from '../open-tree.ts';

// What the package index answered on the day in each file; `node scripts/record-index.ts NAME` asks it anew.

interface Recorded {
  recorded: string;
  answers: readonly { question: ResolveQuestion; resolution: Resolution }[];
}

async function planned(name: string): Promise<ProjectPlan> {
  const { answers } = JSON.parse(readFileSync(`test/fixtures/index/${name}.json`, 'utf8')) as Recorded;
  const index: PackageIndex = {
    async resolve(question) {
      const known = answers.find((answer) => JSON.stringify(answer.question) === JSON.stringify(question));
      if (known === undefined) throw new InternalError(`not recorded: ${JSON.stringify(question)}`);
      return known.resolution;
    },
  };
  return planProject(await openTree(`test/fixtures/projects/${name}`), { directory: name, index, asksAlways: true });
}

test('torch through another package, where the index for processors does not answer', async () => {
  const plan = await planned('sentence-search');
  expect(plan.install.fromDebian?.distributions).toEqual(['torch']);
  expect(plan.install.exact?.some((line) => /^(?:torch|nvidia-|triton)/.test(line))).toBe(false);
  expect(plan.frameworks.find(({ name }) => name === 'sentence-transformers')?.version).toMatch(/^\d/);
  expect(plan.size?.unpackedBytes).toBeGreaterThan(1.2e9);
  expect(plan.size?.unpackedBytes).toBeLessThan(0.35 * (plan.size?.usual?.unpackedBytes ?? 0));
});

test('pins of 2023 with numpy left open get the last numpy 1', async () => {
  const plan = await planned('numpy-two');
  expect(plan.constraints).toContain('numpy<2');
  expect(plan.install.pins.find((line) => line.startsWith('numpy=='))).toBe('numpy==1.26.4');
  expect(plan.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('what nothing pins has the version of the day', async () => {
  const plan = await planned('lightgbm-fastapi');
  expect(plan.frameworks.find(({ name }) => name === 'lightgbm')?.version).toMatch(/^4\./);
  expect(plan.install.pins).toContain(`lightgbm==${plan.frameworks.find(({ name }) => name === 'lightgbm')?.version}`);
  expect(plan.unknown).toEqual([]);
});

test('requirements that exclude each other say which, and what fits', async () => {
  const plan = await planned('contradictory-pins');
  const finding = plan.findings.find(({ code }) => code === 'unresolvable');
  expect(finding).toMatchObject({ severity: 'error', fix: expect.stringContaining('numpy') as unknown });
  expect(plan.size).toBeNull();
});
