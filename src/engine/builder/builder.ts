import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunOnce } from '#engine/containers/run-once.ts';
import type { ContentStore } from '#engine/content/store.ts';
import type { Events } from '#engine/events/events.ts';
import type { Images } from '#engine/images/images.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { SnapshotName, Snapshotter } from '#engine/snapshots/snapshotter.ts';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import type { Log } from '#lib/log.ts';
import type { Database } from '#lib/sqlite.ts';
import type { BuilderContext, PullImage } from './build-run.ts';
import { createCleaning } from './cache/cleaning.ts';
import type { StepRecord } from './cache/step-records.ts';
import { openLayers } from './layers.ts';
import { type PreparedBuild, prepareBuild } from './prepare-build.ts';
import type { BuildEvent } from './progress/events.ts';
import type { BuildRequest } from './request.ts';
import { clearWorkspaces } from './workspace.ts';

/** Builds images from Dockerfiles. */
export interface Builder {
  /**
   * Reads the Dockerfile and what its build needs; what is wrong with them is told before anything runs.
   * @param tell hears all that happens, from here on
   * @throws {InvalidArgumentError} {DockerfileError}
   */
  prepare(request: BuildRequest, tell: (event: BuildEvent) => void): Promise<PreparedBuild>;
  /** Earlier steps that are kept, longest unused first. */
  steps(): StepRecord[];
  /** Forgets steps and frees what only they needed. */
  prune(select: (step: StepRecord) => boolean): Promise<{ keys: string[]; bytes: number }>;
  /** Snapshots that must stay while the steps that left them are kept. */
  usedSnapshots(): SnapshotName[];
}

export interface BuilderDeps {
  database: Database;
  dataRoot: string;
  execRoot: string;
  content: ContentStore;
  layerFiles: LayerStore;
  snapshots: Snapshotter;
  images: Images;
  runOnce: RunOnce;
  pullImage?: PullImage;
  /** Registries that may be without TLS; none if absent. */
  insecureRegistries?: () => readonly string[];
  /** Removes layers that neither an image nor a kept step needs. @returns bytes that came back */
  collectGarbage?: () => Promise<number>;
  events: Events;
  log: Log;
}

/** Opens the builder and clears what builds of a dead engine left. */
export async function openBuilder(deps: BuilderDeps): Promise<Builder> {
  const { database, content, layerFiles, snapshots, images, runOnce, pullImage, log, events } = deps;
  const collectGarbage = deps.collectGarbage ?? (async () => 0);
  const root = join(deps.dataRoot, 'builder');
  const mountRoot = join(deps.execRoot, 'build');
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const name of await readdir(root))
    if (name.startsWith('build-')) await rm(join(root, name), { recursive: true, force: true });
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
    events,
    layerFiles,
    snapshots,
    images,
    layers,
    mountRoot,
    log,
    runOnce,
    pullImage,
    insecureRegistries: deps.insecureRegistries ?? (() => []),
    root,
    steps,
  };
  return {
    prepare: (request, tell) => prepareBuild(context, request, tell),
    steps: () => layers.steps(),
    async prune(select) {
      const keys = layers.forget(select);
      return { keys, bytes: await context.cleaning.request() };
    },
    usedSnapshots: () => layers.steps().flatMap(({ snapshot }) => (snapshot === undefined ? [] : [snapshot])),
  };
}
