import { availableParallelism } from 'node:os';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { BuildRun } from '../build-run.ts';
import { buildStage, type StepCounter } from './build-stage.ts';
import { settleEpoch } from './epoch.ts';
import type { PlannedStage } from './plan.ts';
import type { StageState } from './stage-state.ts';

const STAGES_AT_A_TIME = Math.min(4, Math.max(2, availableParallelism()));

/** Builds the stages of a plan; each waits for those it needs, and the first failure ends all. @returns the target's */
export async function runStages(build: BuildRun, failure: AbortController): Promise<StageState> {
  const { plan, results, report } = build;
  const { globalArgs } = plan.program;
  await settleEpoch(build);
  const total = globalArgs.length + plan.stages.reduce((sum, planned) => sum + stepsOf(build, planned), 0);
  let next = 1;
  for (const { node } of globalArgs) {
    const vertex = report.start({
      name: node.original,
      isMinor: true,
      step: { number: next++, total, text: node.original },
    });
    vertex.complete({ isCached: false });
  }
  const slots = createSlots(STAGES_AT_A_TIME);
  const running: Running = { build, failure, cause: undefined, counters: new Map() };
  // Whoever needs such a stage holds a slot while it waits: it takes none itself.
  build.require = (index) => results.get(index) ?? startLate(running, { index, total });
  for (const planned of plan.stages) {
    const { index } = planned.stage;
    const counter = { first: next, total };
    running.counters.set(index, counter);
    if (build.deferred?.has(index) !== true) void start(running, { planned, counter }, () => slots.acquire());
    next += stepsOf(build, planned);
  }
  // Some may begin while others are waited for.
  for (let known = 0; known < results.size;) {
    known = results.size;
    await Promise.allSettled(results.values());
  }
  const target = results.get(plan.target.stage.index);
  if (running.cause !== undefined) throw running.cause.error;
  if (target === undefined) throw failure.signal.reason;
  return target;
}

interface Running {
  build: BuildRun;
  failure: AbortController;
  /** The first failure. */
  cause: { error: unknown } | undefined;
  /** By index of the stage. */
  counters: Map<number, StepCounter>;
}

interface Start {
  planned: PlannedStage;
  counter: StepCounter;
}

function start(running: Running, { planned, counter }: Start, acquire: () => Promise<Disposable>): Promise<StageState> {
  const { build, failure } = running;
  const { results, report } = build;
  const id = `${build.title}/${planned.stage.index}`;
  const work = async (): Promise<StageState> => {
    const base = planned.baseStage;
    if (base !== undefined) await build.require?.(base.index);
    for (const index of planned.needs) await results.get(index);
    using _ = await acquire();
    const state = await buildStage(build, planned, { id, counter });
    report.endStage(id, { isFailed: false });
    return state;
  };
  const result = work().catch((error: unknown) => {
    if (!failure.signal.aborted) {
      running.cause = { error };
      report.endStage(id, { isFailed: true });
    }
    failure.abort(error);
    throw error;
  });
  result.catch(() => {});
  results.set(planned.stage.index, result);
  return result;
}

/** A stage that only a trigger of a base image needs, or one that was put off, with those that it needs in any case. */
function startLate(running: Running, { index, total }: { index: number; total: number }): Promise<StageState> {
  const { plan, results, deferred } = running.build;
  const planned = plan.all[index];
  if (planned === undefined) throw new InvalidArgumentError(`there is no stage ${index}`);
  const counter = running.counters.get(index) ?? { first: total + 1, total };
  for (const needed of planned.needs)
    if (!results.has(needed) && deferred?.has(needed) !== true) void startLate(running, { index: needed, total });
  return start(running, { planned, counter }, async () => ({ [Symbol.dispose]() {} }));
}

function stepsOf({ plan, request }: BuildRun, { stage }: PlannedStage): number {
  const isTarget = stage.index === plan.target.stage.index;
  return 1 + stage.instructions.length + (isTarget && request.labels.size > 0 ? 1 : 0);
}

function createSlots(count: number): { acquire(): Promise<Disposable> } {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    async acquire() {
      if (free > 0) free -= 1;
      else {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.push(resolve);
        await promise;
      }
      return {
        [Symbol.dispose]() {
          const turn = waiting.shift();
          if (turn === undefined) free += 1;
          else turn();
        },
      };
    },
  };
}
