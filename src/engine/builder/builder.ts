import { mkdir, readdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readDockerfile } from '#dockerfile/program.ts';
import type { RunOnce } from '#engine/containers/run-once.ts';
import type { ContentStore } from '#engine/content/store.ts';
import type { Events } from '#engine/events/events.ts';
import type { Image, ImageStore } from '#engine/images/image.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { SnapshotName, Snapshotter } from '#engine/snapshots/snapshotter.ts';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import type { Log } from '#lib/log.ts';
import type { Database } from '#lib/sqlite.ts';
import { openBuildContext } from './build-context.ts';
import type { BuildRun, BuilderContext, PullImage } from './build-run.ts';
import { createCleaning } from './cleaning.ts';
import { buildStage } from './build-stage.ts';
import { finishImage } from './finish-image.ts';
import { openLayers } from './layers.ts';
import { type BuildOutput, createOutput, type Piece } from './output.ts';
import { planBuild, type PlannedStage } from './plan.ts';
import type { BuildRequest } from './request.ts';
import type { StageState } from './stage-state.ts';
import type { StepRecord } from './step-records.ts';
import { clearWorkspaces } from './workspace.ts';

/** Builds images from Dockerfiles. */
export interface Builder {
  /**
   * Takes the context in and reads the Dockerfile; what is wrong with them is told before anything runs.
   * @throws {InvalidArgumentError} {DockerfileError}
   */
  prepare(request: BuildRequest): Promise<PreparedBuild>;
  /** Earlier steps that are kept, longest unused first. */
  steps(): StepRecord[];
  /** Forgets steps and frees what only they needed. */
  prune(select: (step: StepRecord) => boolean): Promise<{ keys: string[]; bytes: number }>;
  /** Snapshots that must stay while the steps that left them are kept. */
  usedSnapshots(): SnapshotName[];
}

/** A build that can run. What it unpacked is gone when disposed. */
export interface PreparedBuild extends AsyncDisposable {
  /** Text and messages go to `show`, in the order in which people read them. */
  run(show: (piece: Piece) => void): Promise<Image>;
}

export interface BuilderDeps {
  database: Database;
  dataRoot: string;
  execRoot: string;
  content: ContentStore;
  layerFiles: LayerStore;
  snapshots: Snapshotter;
  images: ImageStore;
  runOnce: RunOnce;
  pullImage?: PullImage;
  /** Removes layers that neither an image nor a kept step needs. @returns bytes that came back */
  collectGarbage?: () => Promise<number>;
  events: Events;
  log: Log;
}

const STAGES_AT_A_TIME = Math.min(4, Math.max(2, availableParallelism()));

/** Opens the builder and clears what builds of a dead engine left. */
export async function openBuilder(deps: BuilderDeps): Promise<Builder> {
  const { database, content, layerFiles, snapshots, images, runOnce, pullImage, log, events } = deps;
  const collectGarbage = deps.collectGarbage ?? (async () => 0);
  const root = join(deps.dataRoot, 'builder');
  const mountRoot = join(deps.execRoot, 'build');
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const name of await readdir(root))
    if (name.startsWith('context-')) await rm(join(root, name), { recursive: true, force: true });
  await clearWorkspaces({ snapshots, mountRoot, log });
  const layers = openLayers({ database, layerFiles, snapshots, log });
  // A step and what it left are not recorded in one go: an engine that was killed may have kept the one without the other.
  const names = new Set((await snapshots.list()).map(({ name }) => name));
  layers.forget(({ snapshot }) => snapshot !== undefined && !names.has(snapshot));
  await layers.removeUnused();
  const steps = createKeyedLock();
  const cleaning = createCleaning(async () => (await layers.removeUnused()) + (await collectGarbage()));
  const context: BuilderContext = {
    cleaning,
    content,
    layerFiles,
    snapshots,
    images,
    layers,
    mountRoot,
    log,
    runOnce,
    pullImage,
    root,
    steps,
  };
  return {
    prepare: (request) => prepareBuild({ context, events }, request),
    steps: () => layers.steps(),
    async prune(select) {
      const keys = layers.forget(select);
      return { keys, bytes: await context.cleaning.request() };
    },
    usedSnapshots: () => layers.steps().flatMap(({ snapshot }) => (snapshot === undefined ? [] : [snapshot])),
  };
}

async function prepareBuild(
  { context, events }: { context: BuilderContext; events: Events },
  request: BuildRequest,
): Promise<PreparedBuild> {
  await using resources = new AsyncDisposableStack();
  const files = resources.use(await openBuildContext(context.root, request));
  const program = readDockerfile(files.dockerfile.text, files.dockerfile.name);
  const plan = planBuild(program, request);
  resources.use(context.cleaning.hold());
  resources.use(context.images.lease());
  const held = resources.move();
  return {
    async run(show) {
      const failure = new AbortController();
      const signal = AbortSignal.any([request.signal, failure.signal]);
      const build: BuildRun = { context, request, plan, files, results: new Map(), images: new Map(), signal };
      const output = createOutput(show);
      for (const name of request.ignored) output.write(`[Warning] ${name} has no effect\n`);
      for (const { line, message } of plan.program.warnings)
        output.write(`[Warning] ${message} (${files.dockerfile.name}:${line})\n`);
      const state = await runStages(build, { output, failure });
      warnUnused(build, output);
      const image = await finishImage(context, state, request.tags);
      events.publish({ type: 'builder', action: 'build', id: image.id, attributes: {} });
      for (const name of request.tags)
        events.publish({ type: 'image', action: 'tag', id: image.id, attributes: { name } });
      return image;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Stages wait for those they need; the first failure ends all. */
async function runStages(
  build: BuildRun,
  { output, failure }: { output: BuildOutput; failure: AbortController },
): Promise<StageState> {
  const { plan, results } = build;
  const total = plan.program.globalArgs.length + plan.stages.reduce((sum, planned) => sum + stepsOf(build, planned), 0);
  let next = 1;
  const shown = plan.stages.map((planned) => {
    const counter = { first: next + (next === 1 ? plan.program.globalArgs.length : 0), total };
    next = counter.first + stepsOf(build, planned);
    return { planned, counter, stage: output.stage() };
  });
  for (const [index, { node }] of plan.program.globalArgs.entries())
    output.write(`Step ${index + 1}/${total} : ${node.original}\n`);
  const slots = createSlots(STAGES_AT_A_TIME);
  let cause: unknown;
  for (const { planned, counter, stage } of shown) {
    const work = async (): Promise<StageState> => {
      for (const index of planned.needs) await results.get(index);
      using _ = await slots.acquire();
      return await buildStage(build, planned, { output: stage, counter });
    };
    const result = work().catch((error: unknown) => {
      if (!failure.signal.aborted) {
        cause = error;
        output.reveal(stage);
      }
      failure.abort(error);
      throw error;
    });
    result.catch(() => {});
    results.set(planned.stage.index, result);
  }
  await Promise.allSettled(results.values());
  const target = results.get(plan.target.stage.index);
  if (cause !== undefined || target === undefined) throw cause;
  return target;
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

function warnUnused({ request, plan }: BuildRun, output: BuildOutput): void {
  const unused = [...request.buildArgs.keys()].filter(
    (name) => !plan.scope.build.consumed.has(name) && !/^(https?|ftp|no|all)_proxy$/i.test(name),
  );
  if (unused.length > 0) output.write(`[Warning] One or more build-args [${unused.join(' ')}] were not consumed\n`);
}
