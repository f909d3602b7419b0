import { expect, test } from 'vitest';
import { readDockerfile } from '#dockerfile/program.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import type { BuildRun } from '../build-run.ts';
import { deferredStages } from './deferred-stages.ts';
import { planBuild } from './plan.ts';

const TEXT = [
  'FROM a AS tools',
  'FROM a AS deps',
  'FROM deps AS build',
  'COPY --from=tools /t /t',
  'FROM a AS base',
  'FROM a AS mounted',
  'FROM base',
  'COPY --from=build /out /out',
  'RUN --mount=from=mounted,target=/m true',
  '',
].join('\n');

interface Asked {
  isImporting?: boolean;
  noCache?: 'all' | string[];
  attestations?: BuildRun['request']['attestations'];
}

function deferred({ isImporting = true, noCache = [], attestations = new Map() }: Asked): number[] {
  const plan = planBuild(readDockerfile(TEXT), { target: '', buildArgs: new Map() }, hostPlatform());
  const cache = { imported: isImporting ? {} : undefined };
  return [...deferredStages({ plan, cache, request: { noCache, attestations } } as unknown as BuildRun)];
}

test('stages of which only files are copied wait, where a cache from elsewhere may have what is copied', () => {
  expect(deferred({})).toEqual([0, 1, 2]);
  expect(deferred({ isImporting: false })).toEqual([]);
});

test('none waits where something is done anew, or trees are looked into', () => {
  expect(deferred({ noCache: 'all' })).toEqual([]);
  expect(deferred({ noCache: ['build'] })).toEqual([]);
  expect(deferred({ attestations: new Map([['sbom', new Map()]]) })).toEqual([]);
});
