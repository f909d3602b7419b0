import { findFrom, reach, sourcesOfStage } from '#dockerfile/stage-sources.ts';
import type { BuildRun } from '../build-run.ts';

const NONE: ReadonlySet<number> = new Set();

/**
 * Stages of which only files are copied, in a build that takes results from caches elsewhere: such a cache may have what is copied without
 * having the stage. They are built when a copy is found nowhere, or as soon as it is plain that one will not be.
 */
export function deferredStages({
  plan,
  request,
  cache,
}: Pick<BuildRun, 'plan' | 'request' | 'cache'>): ReadonlySet<number> {
  // What is done anew, and trees that are looked into, need all stages.
  if (cache.imported === undefined || request.noCache.length > 0 || request.attestations.has('sbom')) return NONE;
  const baseOf = (index: number): number[] => {
    const base = plan.all[index]?.baseStage;
    return base === undefined ? [] : [base.index];
  };
  const mounted = plan.stages.flatMap(({ stage, baseStage }) =>
    sourcesOfStage(stage, baseStage).flatMap(({ by, from }) => {
      const found = by === 'COPY' ? undefined : findFrom(plan.program, from, stage.index);
      return found === undefined || found === 'later' ? [] : [found.index];
    }),
  );
  const needed = reach([plan.target.stage.index, ...mounted], baseOf);
  return new Set(plan.stages.map(({ stage }) => stage.index).filter((index) => !needed.has(index)));
}
