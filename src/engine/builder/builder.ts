import { mkdir, readdir, rm, statfs } from 'node:fs/promises';
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
import { createStepUses } from './cache/build-cache.ts';
import { type BuildRecords, openBuildRecords } from './cache/build-records.ts';
import { openCacheMounts } from './cache/cache-mounts.ts';
import type { CacheRecord, CacheRecordSource } from './cache/cache-record.ts';
import { createCleaning } from './cache/cleaning.ts';
import { createCacheGc } from './cache/gc.ts';
import { gcRules, type GcSettings } from './cache/gc-rules.ts';
import { pruneCache, type Pruned, type PruneRule } from './cache/prune.ts';
import { recordBuild } from './cache/record-build.ts';
import { compileRecordFilters } from './cache/record-filter.ts';
import type { StepRecord } from './cache/step-records.ts';
import { mountSource, stepSource } from './cache/usage.ts';
import { contextRecords } from './contexts/context-records.ts';
import { type KeptContexts, openKeptContexts } from './contexts/kept-contexts.ts';
import { openLayers } from './layers.ts';
import { openFormerInstalls } from './packages/former-installs.ts';
import { openStepLocks } from './packages/step-locks.ts';
import { type PreparedBuild, prepareBuild } from './prepare-build.ts';
import type { BuildEvent } from './progress/events.ts';
import type { BuildRequest } from './request.ts';
import { openFileDigests } from './sources/file-digests.ts';
import { openKeptDownloads } from './sources/kept-downloads.ts';
import { clearWorkspaces } from './workspace.ts';

/** Builds images from Dockerfiles. */
export interface Builder extends AsyncDisposable {
  /**
   * Reads the Dockerfile and what its build needs; what is wrong with them is told before anything runs.
   * @param tell hears all that happens, from here on
   * @throws {InvalidArgumentError} {DockerfileError}
   */
  prepare(request: BuildRequest, tell: (event: BuildEvent) => void): Promise<PreparedBuild>;
  /** What takes space for builds to come; all, or what a filter such as `type==regular,inuse` names. @throws {InvalidArgumentError} */
  usage(filters?: readonly string[]): Promise<CacheRecord[]>;
  /** Removes of that what a rule names and nothing uses. @throws {InvalidArgumentError} */
  prune(rule: PruneRule): Promise<Pruned>;
  /** The rules by which the cache is kept small, in order. */
  gcRules(): Promise<readonly PruneRule[]>;
  /** Builds that ran, and those that run. */
  readonly history: BuildRecords;
  /** Earlier steps that are kept, longest unused first. */
  steps(): StepRecord[];
  /** Forgets steps and frees what only they needed. @returns bytes that came back */
  forget(keys: readonly string[]): Promise<number>;
  /** Names something else that is kept for builds, for `usage` and `prune`. */
  keep(source: CacheRecordSource): void;
  /** What clients sent of their contexts. */
  readonly contexts: KeptContexts;
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
  /** When the cache is made smaller without being asked; as it is by default if absent. */
  gc?: GcSettings;
  /** Removes layers that neither an image nor a kept step needs. @returns bytes that came back */
  collectGarbage?: () => Promise<number>;
  events: Events;
  log: Log;
}

/** Opens the builder and clears what builds of a dead engine left. */
export async function openBuilder(deps: BuilderDeps): Promise<Builder> {
  const { database, log } = deps;
  const context = await openContext(deps);
  const { layers, root } = context;
  const records = await openBuildRecords(database, join(root, 'history'));
  const contexts = openKeptContexts(join(root, 'contexts'), { log });
  const clean = (): Promise<number> => context.cleaning.request();
  const sources: CacheRecordSource[] = [
    stepSource({ ...context, clean }),
    mountSource(context.cacheMounts),
    contextRecords(contexts),
  ];
  const freeBytes = async (): Promise<number> => (await diskOf(root)).freeBytes;
  const prune = async (rule: PruneRule): Promise<Pruned> => {
    using _ = await context.steps.acquire('prune'); // what goes is told by one alone
    return await pruneCache({ sources, freeBytes }, rule);
  };
  const rules = async (): Promise<readonly PruneRule[]> => gcRules(deps.gc ?? { enabled: true }, await diskOf(root));
  const gc = createCacheGc({ rules, prune, log });
  return {
    prepare: (request, tell) =>
      request.isInternal === true || request.check === 'only'
        ? prepareBuild(context, request, tell)
        : recordBuild({ records, log, ended: () => gc.want() }, { request, tell }, (own) =>
            prepareBuild(context, request, own),
          ),
    async usage(filters = []) {
      const matches = compileRecordFilters(filters);
      return (await Promise.all(sources.map((source) => source.list()))).flat().filter(matches);
    },
    prune,
    gcRules: rules,
    history: records,
    contexts,
    steps: () => layers.steps(),
    async forget(keys) {
      layers.forget(keys);
      return clean();
    },
    keep: (source) => void sources.push(source),
    usedSnapshots: () => layers.steps().flatMap(({ snapshot }) => (snapshot === undefined ? [] : [snapshot])),
    async [Symbol.asyncDispose]() {
      await gc[Symbol.asyncDispose]();
      layers.memory.flush();
      records.flush();
      await contexts.close();
    },
  };
}

async function openContext(deps: BuilderDeps): Promise<BuilderContext> {
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
  const lost = layers.steps().filter(({ snapshot }) => snapshot !== undefined && !names.has(snapshot));
  layers.forget(lost.map(({ key }) => key));
  await layers.removeUnused();
  return {
    cleaning: createCleaning(async () => (await layers.removeUnused()) + (await collectGarbage())),
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
    cacheMounts: await openCacheMounts(database, join(root, 'caches')),
    uses: createStepUses(),
    locks: openStepLocks(database),
    installs: openFormerInstalls(database),
    fileDigests: openFileDigests(join(root, 'file-digests')),
    downloads: openKeptDownloads(join(root, 'downloads')),
    steps: createKeyedLock(),
  };
}

async function diskOf(path: string): Promise<{ bytes: number; freeBytes: number }> {
  const { blocks, bavail, bsize } = await statfs(path);
  return { bytes: blocks * bsize, freeBytes: bavail * bsize };
}
