import { expect, test } from 'vitest';
import { readDockerfile } from '#dockerfile/program.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import type { BuildRun } from '../build-run.ts';
import { epochOf, settleEpoch } from './epoch.ts';
import { planBuild } from './plan.ts';

type Part = Pick<BuildRun, 'request' | 'plan' | 'files'>;

/** A build whose context is of the time `contextEpoch`. */
function build(text: string, { passed, contextEpoch }: { passed?: string; contextEpoch?: number } = {}): Part {
  const buildArgs = new Map(passed === undefined ? [] : [['SOURCE_DATE_EPOCH', passed]]);
  const plan = planBuild(readDockerfile(text), { target: '', buildArgs }, hostPlatform());
  const files = { context: async () => ({}), opened: async () => ({ tree: {}, epoch: contextEpoch }) };
  return { request: { buildArgs }, plan, files } as unknown as Part;
}

test.each([
  ['FROM a\n', {}, undefined],
  ['FROM a\n', { passed: '1700000000' }, 1_700_000_000],
  ['ARG SOURCE_DATE_EPOCH=5\nFROM a\n', {}, 5],
  ['ARG SOURCE_DATE_EPOCH=5\nFROM a\n', { passed: '0' }, 0],
  ['FROM a\n', { passed: '+9' }, 9],
  ['FROM a\n', { passed: '' }, undefined],
  ['FROM a\n', { passed: 'context', contextEpoch: 7 }, 7],
  ['FROM a\n', { passed: 'context' }, undefined],
] as const)('%j with %j is of %s', async (text, given, expected) => {
  expect(await epochOf(build(text, given))).toBe(expected);
});

test('what is no time is refused before anything runs', async () => {
  await expect(settleEpoch(build('FROM a\n', { passed: 'yesterday' }))).rejects.toThrow(
    'invalid SOURCE_DATE_EPOCH: yesterday',
  );
});

test('instructions see the time of the context, not the word', async () => {
  const part = build('FROM a\n', { passed: 'context', contextEpoch: 7 });
  await settleEpoch(part);
  expect(part.plan.scope.build.passed.get('SOURCE_DATE_EPOCH')).toBe('7');
});
