import { CancelledError } from '#lib/errors.ts';
import type { BuildRun, StageRun } from '../build-run.ts';
import type { Step, StepLayer } from '../steps/step.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';
import { stepKey } from './stage-state.ts';

/** Takes the result from an earlier build, or does the step; the stage's state is what it left. One at a time does the same step. */
export async function executeStep(run: StageRun, step: Step): Promise<{ isCached: boolean }> {
  const { build, state } = run;
  const { layers, steps } = build.context;
  const key = stepKey(state.key, step.inputs);
  using _ = await steps.acquire(key);
  const known = runsAnew(run) ? undefined : await layers.find(key, state.layers.at(-1));
  const { created, layers: left } = known ?? (await doStep(run, { step, key }));
  const time = new Date(created).toISOString();
  state.key = key;
  state.created = time;
  const author = state.author === undefined ? {} : { author: state.author };
  for (const { layer, title } of left) {
    state.layers.push(layer);
    state.history.push({ created: time, created_by: title, ...author });
  }
  if (left.length === 0)
    state.history.push({ created: time, created_by: step.createdBy, ...author, empty_layer: true });
  return { isCached: known !== undefined };
}

function runsAnew({ build, index }: StageRun): boolean {
  const { noCache } = build.request;
  if (noCache === 'all') return true;
  const name = build.plan.program.stages[index]?.from.name ?? `${index}`;
  return noCache.some((wanted) => wanted.toLowerCase() === name);
}

async function doStep(
  run: StageRun,
  { step, key }: { step: Step; key: string },
): Promise<{ created: number; layers: readonly StepLayer[] }> {
  const { build, state, vertex } = run;
  const { context, signal } = build;
  let left: readonly StepLayer[] = [];
  if (step.run !== undefined) {
    await using workspace = await openWorkspace(context, state.layers.at(-1));
    const name = workspace.name.slice(-12);
    if (step.isProcess === true) vertex.running(name);
    await step.run(workspace);
    if (signal.aborted) throw new CancelledError('build cancelled', { cause: signal.reason });
    if (await hasChanges(context, workspace.name)) left = await commit(step, workspace);
    if (step.isProcess === true) vertex.removed(name);
  }
  const created = Date.now();
  if (context.layers.record({ key, layers: left, inputs: step.inputs, description: step.createdBy, created }))
    context.cleaning.want();
  return { created, layers: left };
}

async function commit(step: Step, workspace: Workspace): Promise<readonly StepLayer[]> {
  if (step.commit !== undefined) return step.commit(workspace);
  return [{ layer: await workspace.commit(), title: step.createdBy }];
}

async function hasChanges({ snapshots }: BuildRun['context'], name: string): Promise<boolean> {
  for await (const _ of snapshots.changes(name)) return true;
  return false;
}
