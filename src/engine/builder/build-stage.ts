import { DockerfileError, excerpt, locate } from '#dockerfile/dockerfile-error.ts';
import { parseNode } from '#dockerfile/parse.ts';
import type { StageInstruction } from '#dockerfile/instruction.ts';
import { readInstruction } from '#dockerfile/read-instruction.ts';
import { CancelledError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { beginStage } from './begin-stage.ts';
import type { BuildRun, StageRun } from './build-run.ts';
import { argStep, commandStep, healthcheckStep, labelsStep, listStep, pairsStep, textStep } from './config-step.ts';
import { copyStep } from './copy-step.ts';
import type { Layer } from './layers.ts';
import type { StageOutput } from './output.ts';
import type { PlannedStage } from './plan.ts';
import { runStep } from './run-step.ts';
import { type StageState, stepKey } from './stage-state.ts';
import type { Step } from './step.ts';
import { workdirStep } from './workdir-step.ts';
import { openWorkspace } from './workspace.ts';

/** Numbers that the lines `Step 3/7` show. */
export interface StepCounter {
  /** Of the stage's FROM. */
  first: number;
  total: number;
}

/** Builds one stage: FROM, its triggers, then instruction by instruction. */
export async function buildStage(
  build: BuildRun,
  planned: PlannedStage,
  { output, counter }: { output: StageOutput; counter: StepCounter },
): Promise<StageState> {
  const { stage } = planned;
  const { target } = build.plan;
  let number = counter.first;
  const announce = (text: string): void => output.write(`Step ${number++}/${counter.total} : ${text}\n`);
  announce(stage.from.node.original);
  const state = await beginStage(build, planned, output);
  output.write(` ---> ${state.name}\n`);
  const run: StageRun = { build, state: state.stage, output, index: stage.index };
  await runTriggers(run, state.triggers);
  for (const instruction of stage.instructions) {
    announce(instruction.node.original);
    await withLocation(run, instruction, () => perform(run, instruction));
  }
  if (stage.index === target.stage.index && build.request.labels.size > 0) {
    const labels = [...build.request.labels].map(([name, value]) => `${name}=${value}`);
    announce(`LABEL ${labels.join(' ')}`);
    await execute(run, labelsStep(run, build.request.labels));
  }
  output.end();
  return run.state;
}

async function runTriggers(run: StageRun, triggers: readonly string[]): Promise<void> {
  if (triggers.length === 0) return;
  run.output.write(`# Executing ${triggers.length} build trigger${triggers.length === 1 ? '' : 's'}\n`);
  for (const text of triggers) {
    const instruction = readInstruction(parseNode(text, '\\', { line: 1, endLine: 1 }));
    if (instruction.kind === 'from') throw new InvalidArgumentError("FROM isn't allowed as an ONBUILD trigger");
    await perform(run, instruction);
  }
}

async function perform(run: StageRun, instruction: StageInstruction): Promise<void> {
  run.build.signal.throwIfAborted();
  const step = await prepareStep(run, instruction);
  await using _ = step.resources ?? new AsyncDisposableStack();
  await execute(run, step);
}

async function prepareStep(run: StageRun, instruction: StageInstruction): Promise<Step> {
  switch (instruction.kind) {
    case 'arg': {
      run.state.scope.declare(instruction);
      return argStep(
        run,
        instruction.args.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)).join(' '),
      );
    }
    case 'env':
    case 'label':
      return pairsStep(run, instruction);
    case 'cmd':
    case 'entrypoint':
      return commandStep(run, instruction);
    case 'healthcheck':
      return healthcheckStep(run, instruction);
    case 'expose':
    case 'volume':
    case 'shell':
      return listStep(run, instruction);
    case 'workdir':
      return workdirStep(run, instruction);
    case 'user':
    case 'stopsignal':
    case 'maintainer':
    case 'onbuild':
      return textStep(run, instruction);
    case 'run':
      return runStep(run, instruction);
    default:
      return copyStep(run, instruction);
  }
}

/** Takes the result from an earlier build, or does the step. */
async function execute(run: StageRun, step: Step): Promise<void> {
  const { build, state, output } = run;
  const { layers, steps } = build.context;
  const key = stepKey(state.key, step.identity);
  using _ = await steps.acquire(key);
  const parent = state.layers.at(-1);
  const known = build.request.noCache ? undefined : await layers.find(key, parent);
  if (known !== undefined) output.write(' ---> Using cache\n');
  const { created, layer } = known ?? (await doStep(run, { step, key }));
  const time = new Date(created).toISOString();
  state.key = key;
  state.created = time;
  if (layer !== undefined) state.layers.push(layer);
  state.history.push({
    created: time,
    created_by: step.createdBy,
    ...(state.author !== undefined && { author: state.author }),
    ...(layer === undefined && { empty_layer: true }),
  });
  output.write(` ---> ${key.slice(0, 12)}\n`);
}

async function doStep(
  run: StageRun,
  { step, key }: { step: Step; key: string },
): Promise<{ created: number; layer: Layer | undefined }> {
  const { build, state, output } = run;
  const { context, signal } = build;
  let layer: Layer | undefined;
  if (step.run !== undefined) {
    await using workspace = await openWorkspace(context, state.layers.at(-1));
    const name = workspace.name.slice(-12);
    if (step.isProcess === true) output.write(` ---> Running in ${name}\n`);
    await step.run(workspace);
    if (signal.aborted) throw new CancelledError('build cancelled', { cause: signal.reason });
    if (await hasChanges(context, workspace.name)) layer = await workspace.commit();
    if (step.isProcess === true) output.write(` ---> Removed intermediate container ${name}\n`);
  }
  const created = Date.now();
  if (context.layers.record({ key, layer, description: step.createdBy, created })) context.cleaning.want();
  return { created, layer };
}

async function hasChanges({ snapshots }: BuildRun['context'], name: string): Promise<boolean> {
  for await (const _ of snapshots.changes(name)) return true;
  return false;
}

/** Says which instruction an error is about. */
async function withLocation(
  run: StageRun,
  ...[instruction, work]: [instruction: StageInstruction, work: () => Promise<void>]
): Promise<void> {
  const { source } = run.build.plan.program;
  try {
    await work();
  } catch (error) {
    const isAboutFile = error instanceof InvalidArgumentError || error instanceof NotFoundError;
    if (!isAboutFile || error instanceof DockerfileError) throw error;
    const location = locate(source, instruction.node, '');
    const Kind = error instanceof NotFoundError ? NotFoundError : InvalidArgumentError;
    throw new Kind(error.message, {
      why: [error.why, excerpt(source, location)].filter((text) => text !== undefined).join('\n'),
      ...(error.hint !== undefined && { hint: error.hint }),
      cause: error,
    });
  }
}
