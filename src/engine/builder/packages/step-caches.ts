import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CA_FOLDER } from '#engine/containers/host-ca.ts';
import { lookupUser } from '#engine/containers/users.ts';
import { isDiskFull } from '#lib/files/is-disk-full.ts';
import { CACHE_ROOT, type PackageCache } from '#ml/packages/package-caches.ts';
import { applyEdits, planCaches, type CachePlan } from '#ml/packages/plan-caches.ts';
import type { ToolCall } from '#ml/packages/tool-calls.ts';
import { formatPlatform } from '#oci/platform.ts';
import type { StageRun } from '../build-run.ts';
import { openCacheView, type CacheView } from './cache-view.ts';
import { findPip, keepsFiles } from './python-places.ts';

/** A command that is about to run. */
export interface StepCommand {
  /** The words; of the shell form the last one is the text. */
  args: readonly string[];
  isShell: boolean;
  env: readonly string[];
  /** Where the Dockerfile mounts something. */
  mounts: readonly string[];
  /** The step's tree, open. */
  tree: string;
}

/** What a command is run with instead. */
export interface StepCaches extends AsyncDisposable {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly mounts: readonly { source: string; destination: string; options: readonly string[] }[];
  /** Gives the caches what the step added. A cache that cannot be kept is none: that is no failure of the step. */
  keep(): Promise<void>;
}

const APT_CONF = '/run/berth/apt.conf';

/**
 * Gives a command the caches of the package managers that it calls. Undefined where it calls none, and where caches cannot be had: the step
 * runs without.
 */
export async function openStepCaches(
  run: StageRun,
  command: StepCommand,
  calls: readonly ToolCall[],
): Promise<StepCaches | undefined> {
  const plan = planFor(run, command, calls);
  if (plan.caches.length === 0) return undefined;
  try {
    return await openCaches(run, command, plan);
  } catch (error) {
    run.build.signal.throwIfAborted();
    run.build.context.log.warn('a step runs without caches of packages', { error: String(error) });
    return undefined;
  }
}

async function openCaches(run: StageRun, command: StepCommand, plan: CachePlan): Promise<StepCaches> {
  const { context, request, files, signal } = run.build;
  await using resources = new AsyncDisposableStack();
  const asks = plan.caches.map(({ name }) => ({
    id: cacheId(run, name),
    sharing: 'shared' as const,
    description: `packages fetched by ${name}`,
  }));
  const { paths } = resources.use(await context.cacheMounts.open(asks, { ref: request.ref, signal }));
  const views: { cache: PackageCache; view: CacheView }[] = [];
  for (const [index, cache] of plan.caches.entries()) {
    const store = paths[index] ?? '';
    if (cache.name === 'apt') await makeAptFolders(store);
    const view = await openCacheView({ store, scratch: files.scratch, mountRoot: context.mountRoot });
    views.push({ cache, view: resources.use(view) });
  }
  const extra = plan.caches.some(({ name }) => name === 'apt') ? await aptMounts(run, plan) : [];
  const held = resources.move();
  return {
    args: argsOf(command, plan),
    env: environmentOf(command, run.state.config.User ?? '', plan),
    mounts: [
      ...views.map(({ cache, view }) => ({ source: view.path, destination: folderOf(cache), options: [] })),
      ...extra,
    ],
    async keep() {
      for (const { cache, view } of views)
        await view.keep(cache.shared, cache.picked).catch(async (error: unknown) => {
          const isFull = await isDiskFull(files.scratch);
          context.log.warn('what a step fetched is not kept', { cache: cache.name, isFull, error: String(error) });
        });
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function planFor(
  run: StageRun,
  { args, isShell, env, mounts, tree }: StepCommand,
  calls: readonly ToolCall[],
): CachePlan {
  const environment = variablesOf(env);
  return planCaches({
    text: isShell ? (args.at(-1) ?? '') : '',
    calls,
    environment,
    mounts,
    copied: copiedPaths(run),
    mayOverride: ({ name }) => name !== 'pip' || keepsFiles(findPip(tree, environment.get('PATH') ?? '')?.version),
  });
}

/** What any stage copies from another one. */
function copiedPaths({ build }: StageRun): string[] {
  return build.plan.program.stages
    .flatMap(({ instructions }) => instructions)
    .flatMap((instruction) =>
      instruction.kind === 'copy' && instruction.from !== undefined ? instruction.sources : [],
    );
}

/** Variables by name. */
export function variablesOf(env: readonly string[]): Map<string, string> {
  return new Map(
    env.map((entry): [string, string] => {
      const at = entry.indexOf('=');
      return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

function cacheId({ state }: StageRun, name: string): string {
  return `berth-${name}-${formatPlatform(state.platform)}`;
}

function folderOf({ name }: PackageCache): string {
  return `${CACHE_ROOT}/${name}`;
}

function argsOf({ args, isShell }: StepCommand, { edits, dropped }: CachePlan): readonly string[] {
  if (!isShell) return args.filter((word) => !dropped.includes(word));
  return [...args.slice(0, -1), applyEdits(args.at(-1) ?? '', edits)];
}

/** What the Dockerfile sets itself stays. */
function environmentOf({ env, tree }: StepCommand, user: string, { caches, unset }: CachePlan): readonly string[] {
  const variables = variablesOf(env);
  const home = variables.get('HOME') ?? lookupUser(tree, user).home;
  const cacheHome = variables.get('XDG_CACHE_HOME') ?? `${home.replace(/\/$/, '')}/.cache`;
  const added = new Map(caches.flatMap((cache) => Object.entries(cache.variables(folderOf(cache), cacheHome))));
  if (caches.some(({ name }) => name === 'apt')) added.set('APT_CONFIG', APT_CONF);
  for (const name of unset) variables.delete(name);
  const kept = [...variables].map(([name, value]) => `${name}=${value}`);
  return [...kept, ...[...added].filter(([name]) => !variables.has(name)).map(([name, value]) => `${name}=${value}`)];
}

async function makeAptFolders(store: string): Promise<void> {
  for (const folder of ['archives/partial', 'lists/partial']) {
    if (existsSync(join(store, folder))) continue;
    await mkdir(join(store, folder), { recursive: true, mode: 0o755 });
  }
}

/**
 * apt reads where its folders are from a file that a variable names, so that what the image says about its own folders (Debian's images
 * empty them after each call) does not touch ours. Certificates of this host are named by a file of their own, which is laid over an empty one.
 */
async function aptMounts(run: StageRun, { removesLists }: CachePlan): Promise<StepCaches['mounts']> {
  const { files, request } = run.build;
  const folder = await mkdtemp(join(files.scratch, 'apt-'));
  await chmod(folder, 0o755);
  const [conf, none] = [join(folder, 'apt.conf'), join(folder, 'ca')];
  const apt = `${CACHE_ROOT}/apt`;
  await mkdir(none, { recursive: true, mode: 0o755 });
  await writeFile(join(none, 'apt.conf'), '');
  await writeFile(
    conf,
    [
      `Dir::Cache::archives "${apt}/archives/";`,
      ...(removesLists ? [`Dir::State::lists "${apt}/lists/";`] : []),
      'APT::Keep-Downloaded-Packages "true";',
      'Binary::apt::APT::Keep-Downloaded-Packages "true";',
      ...(request.hostCa ? [`#include "${CA_FOLDER}/apt.conf";`] : []),
      '',
    ].join('\n'),
  );
  const options = ['ro'];
  return [
    { source: conf, destination: APT_CONF, options },
    ...(request.hostCa ? [{ source: none, destination: CA_FOLDER, options }] : []),
  ];
}
