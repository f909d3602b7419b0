import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '#dockerfile/lint/finding.ts';
import { readDockerfile, type Program } from '#dockerfile/program.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';
import type { BuilderContext, BuildRun } from './build-run.ts';
import { type CacheExporting, checkCaches, exportCaches } from './cache/export-cache.ts';
import { openImports } from './cache/import-cache.ts';
import { inlineCache } from './cache/inline-cache.ts';
import { checkBuild, createStepSizes } from './check-build.ts';
import { checkOutputs } from './export/check-outputs.ts';
import { exportResults } from './export/export-results.ts';
import type { Exported, Exporting } from './export/exporting.ts';
import type { BuildEvent } from './progress/events.ts';
import { type BuildReport, createReport } from './progress/report.ts';
import type { BuildRequest } from './request.ts';
import { type BuildFiles, openBuildFiles } from './sources/build-files.ts';
import { contextPaths } from './sources/context-paths.ts';
import { buildLockOf } from './packages/step-locks.ts';
import { deferredStages } from './stages/deferred-stages.ts';
import { planBuild } from './stages/plan.ts';
import { runStages } from './stages/run-stages.ts';
import type { StageState } from './stages/stage-state.ts';

/** A build that can run. What it fetched and unpacked is gone when disposed. */
export interface PreparedBuild extends AsyncDisposable {
  readonly program: Program;
  readonly files: BuildFiles;
  /** What is doubtful about it; more may come while the steps run. */
  readonly findings: readonly Finding[];
  /** Runs the steps. */
  solve(): Promise<SolvedBuild>;
  /** Runs the steps and delivers what was asked for: nothing, for a request that only checks. */
  run(): Promise<Exported>;
}

/** A build whose steps are done; it lives while the prepared one does. */
export interface SolvedBuild {
  readonly results: readonly PlatformResult[];
  /** Delivers the outputs that the request asks for. */
  export(): Promise<Exported>;
}

/** What the target stage came to on one platform. */
export interface PlatformResult {
  platform: Platform;
  state: StageState;
  build: BuildRun;
}

const NOTHING: Exported = { image: undefined, response: new Map() };

export async function prepareBuild(
  context: BuilderContext,
  request: BuildRequest,
  tell: (event: BuildEvent) => void,
): Promise<PreparedBuild> {
  const started = Date.now();
  await using resources = new AsyncDisposableStack();
  resources.use(request.context);
  for (const named of request.namedContexts.values()) if (named.kind === 'files') resources.use(named.source);
  checkDeliveries(request);
  const scratch = await mkdtemp(join(context.root, 'build-'));
  resources.defer(() => rm(scratch, { recursive: true, force: true }));
  await mkdir(join(scratch, 'files'), { mode: 0o755 });
  const sizes = createStepSizes();
  const report = createReport(request.ref, (event) => {
    sizes.hear(event);
    tell(event);
  });
  const { fileDigests, downloads } = context;
  const files = resources.use(await openBuildFiles({ request, report, scratch, fileDigests, downloads }));
  const program = readDockerfile(files.dockerfile.text, files.dockerfile.name);
  const platforms = request.platforms.length === 0 ? [hostPlatform()] : request.platforms;
  const plans = platforms.map((platform) => ({ platform, plan: planBuild(program, request, platform) }));
  for (const { plan } of plans) files.expect(contextPaths(plan));
  const checked = { context, request, report, files, program, sizes, plans: plans.map(({ plan }) => plan) };
  const check = await checkBuild(checked);
  resources.use(context.cleaning.hold());
  resources.use(context.images.lease());
  const cache = resources.use(context.uses.open());
  resources.defer(() => context.cacheMounts.endBuild(request.ref));
  const held = resources.move();
  const solve = async (): Promise<SolvedBuild> => {
    const failure = new AbortController();
    const signal = AbortSignal.any([request.signal, failure.signal]);
    const isMulti = plans.length > 1;
    const builds = plans.map(({ platform, plan }): BuildRun => {
      const title = isMulti ? formatPlatform(platform) : '';
      const own = { results: new Map(), images: new Map(), materials: [], installs: [] };
      return { context, request, report: check.report, plan, platform, title, files, cache, ...own, signal };
    });
    cache.imported = await openImports({ context, request, report, resources: held });
    begin(builds, report);
    const states = await settleAll(builds.map((build) => runStages(build, failure)));
    warnUnused(builds, report);
    await check.finish();
    const results = builds.flatMap((build, index): PlatformResult[] => {
      const state = states[index];
      return state === undefined ? [] : [{ platform: build.platform, state, build }];
    });
    return { results, export: () => deliver({ context, request, report, cache, results, started, scratch }) };
  };
  return {
    program,
    files,
    findings: check.findings,
    solve,
    run: async () => (request.check === 'only' ? NOTHING : (await solve()).export()),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** What cannot be delivered is refused before anything runs. @throws {InvalidArgumentError} {NotImplementedError} */
function checkDeliveries(request: BuildRequest): void {
  checkOutputs(request);
  checkCaches(request.cacheTo);
}

/** The outputs, the lock and the caches that were asked for. */
async function deliver(delivery: CacheExporting & Exporting): Promise<Exported> {
  const exported = await exportResults({ ...delivery, inlineCache });
  const installs = delivery.results.flatMap(({ build }) => build.installs);
  const lock = buildLockOf(delivery.context.locks, installs);
  const response = new Map([...exported.response, ...(await exportCaches(delivery))]);
  return { ...exported, response, ...(lock !== undefined && { lock }) };
}

/** Waits for all; the first failure by time is the cause of the others. */
async function settleAll<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function begin(builds: readonly BuildRun[], report: BuildReport): void {
  for (const build of builds) build.deferred = deferredStages(build);
  const planned = builds.flatMap(({ plan, title, deferred }) =>
    plan.stages.flatMap(({ stage: { index } }) => (deferred?.has(index) === true ? [] : [`${title}/${index}`])),
  );
  report.plan(planned);
  for (const name of builds[0]?.request.ignored ?? []) report.remark(`[Warning] ${name} has no effect`);
}

function warnUnused(builds: readonly BuildRun[], report: BuildReport): void {
  const [first] = builds;
  const unused = [...(first?.request.buildArgs.keys() ?? [])].filter(
    (name) =>
      builds.every(({ plan }) => !plan.scope.build.consumed.has(name)) &&
      !/^((https?|ftp|no|all)_proxy|BUILDKIT_.*|SOURCE_DATE_EPOCH)$/i.test(name),
  );
  if (unused.length > 0) report.remark(`[Warning] One or more build-args [${unused.join(' ')}] were not consumed`);
}
