import { type MountFlag, parseMountFlag } from '#dockerfile/mount-flag.ts';
import type { RunOnceMount } from '#engine/containers/run-once.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { StageRun } from '../build-run.ts';
import { resolveWorkdir } from './config-step.ts';
import { type BindPlan, openBind, planBind } from './mounts/bind-mount.ts';
import { cacheAsk, type CachePlan, planCache } from './mounts/cache-mount.ts';
import { openMemoryFolder } from './mounts/memory-folder.ts';
import { openSecret, planSecret, type SecretMount, secretInput } from './mounts/secret-mount.ts';
import { openSsh, planSsh, type SshMount, sshInput } from './mounts/ssh-mount.ts';
import type { Step, StepInput } from './step.ts';

/** What `RUN --mount` adds to a process. */
export interface RunMounts extends AsyncDisposable {
  /** What of it the result depends on, as far as it is known without looking at files of layers. */
  readonly inputs: readonly StepInput[];
  /** The rest of it, and what stands for that. */
  readonly late: Pick<Step, 'lateInputs' | 'shortcut'>;
  /** Where something is mounted, whether it will be there or not. */
  readonly destinations: readonly string[];
  /** Makes it ready: only a step that is done needs a secret, or waits for a cache. */
  open(): Promise<OpenedMounts>;
}

/** Let go when the process has ended. */
export interface OpenedMounts extends AsyncDisposable {
  readonly list: readonly RunOnceMount[];
  /** Variables that the mounts bring, `NAME=value`. */
  readonly env: readonly string[];
  /** What must not be told to anybody. */
  readonly secrets: readonly Buffer[];
  /** Folder in memory for what holds them; undefined if there are none in variables. */
  readonly privateFolder: string | undefined;
}

type Planned =
  | { type: 'bind'; destination: string; source: BindPlan; isWritable: boolean }
  | { type: 'cache'; destination: string; cache: CachePlan; isReadOnly: boolean }
  | { type: 'tmpfs'; destination: string; sizeBytes: number | undefined }
  | { type: 'secret'; destination: string | undefined; secret: SecretMount }
  | { type: 'ssh'; destination: string; ssh: SshMount };

/** @throws {InvalidArgumentError} {NotFoundError} for what the files that it names are not */
export async function planRunMounts(run: StageRun, flags: readonly string[]): Promise<RunMounts> {
  const { scope } = run.state;
  const expand = (value: string): string => scope.expand(value);
  return planMounts(
    run,
    flags.map((text) => parseMountFlag(text, expand)),
  );
}

/** The same of flags that are read. */
export async function planMounts(run: StageRun, flags: readonly MountFlag[]): Promise<RunMounts> {
  const resources = new AsyncDisposableStack();
  try {
    const planned: Planned[] = [];
    let agents = 0;
    for (const flag of flags) {
      if (flag.type === 'ssh') planned.push(planAgent(run, flag, agents++));
      else planned.push(await plan(run, flag, resources));
    }
    const inputs: StepInput[] = [];
    for (const one of planned) if (filesOf(one)?.stack === undefined) inputs.push(await inputOf(one));
    return {
      inputs,
      late: lateOf(planned),
      destinations: planned.flatMap(({ destination }) => (destination === undefined ? [] : [destination])),
      open: () => openAll(run, planned),
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}

/** The files that a mount brings from elsewhere. */
function filesOf(planned: Planned): BindPlan | undefined {
  if (planned.type === 'bind') return planned.source;
  return planned.type === 'cache' ? planned.cache.seed : undefined;
}

/** Files of layers are looked at only if the step is not known by those layers. */
function lateOf(planned: readonly Planned[]): RunMounts['late'] {
  const late = planned.flatMap((one) => {
    const files = filesOf(one);
    return files?.stack === undefined ? [] : [{ one, path: files.path, stack: files.stack }];
  });
  if (late.length === 0) return {};
  return {
    lateInputs: () => Promise.all(late.map(({ one }) => inputOf(one))),
    shortcut: {
      layers: late.flatMap(({ stack }) => stack),
      inputs: late.map(({ one, path }) => ({ name: nameOf(one), value: [...settingsOf(one), path] })),
    },
  };
}

function resolve(run: StageRun, path: string): string {
  const destination = resolveWorkdir(run.state.config.WorkingDir, path);
  if (destination !== '/') return destination;
  throw new InvalidArgumentError(`invalid mount target ${JSON.stringify(destination)}`, {
    why: 'nothing can be mounted over the whole tree of a step',
    hint: 'name a folder with target=',
  });
}

function planAgent(run: StageRun, flag: MountFlag, index: number): Planned {
  const ssh = planSsh(flag, index, (path) => resolve(run, path));
  return { type: 'ssh', destination: ssh.destination, ssh };
}

async function plan(run: StageRun, flag: MountFlag, resources: AsyncDisposableStack): Promise<Planned> {
  if (flag.type === 'secret') {
    const secret = planSecret(flag, (path) => resolve(run, path));
    return { type: 'secret', destination: secret.destination, secret };
  }
  const destination = resolve(run, flag.target);
  if (flag.type === 'tmpfs') return { type: 'tmpfs', destination, sizeBytes: flag.sizeBytes };
  if (flag.type === 'cache') {
    const cache = await planCache(run, flag, resources);
    return { type: 'cache', destination, cache, isReadOnly: flag.readOnly };
  }
  const source = await planBind(run, flag, resources);
  return { type: 'bind', destination, source, isWritable: !flag.readOnly };
}

async function inputOf(planned: Planned): Promise<StepInput> {
  if (planned.type === 'secret') return secretInput(planned.secret);
  if (planned.type === 'ssh') return sshInput(planned.ssh);
  const files = await filesOf(planned)?.find();
  return { name: nameOf(planned), value: [...settingsOf(planned), files?.identity ?? ''] };
}

function nameOf({ destination }: Planned): string {
  return `mount ${destination}`;
}

/** What is written of a mount, but for its files. */
function settingsOf(planned: Planned): unknown[] {
  if (planned.type === 'tmpfs') return ['tmpfs', planned.sizeBytes ?? 0];
  if (planned.type === 'bind') return ['bind', planned.isWritable];
  if (planned.type !== 'cache') return [planned.type];
  const { id, sharing, mode = 0o755, uid = 0, gid = 0 } = planned.cache;
  return ['cache', id, sharing, mode, uid, gid, planned.isReadOnly];
}

async function openAll(run: StageRun, planned: readonly Planned[]): Promise<OpenedMounts> {
  await using resources = new AsyncDisposableStack();
  let memory: Promise<{ path: string } & AsyncDisposable> | undefined;
  const folder = async (): Promise<string> => {
    memory ??= openMemoryFolder(run.build.context.mountRoot).then((opened) => resources.use(opened));
    return (await memory).path;
  };
  const found: Found = { list: [], env: [], secrets: [] };
  const caches = await openCaches(run, planned, resources);
  for (const one of planned) {
    if (one.type === 'secret') await addSecret(run, one.secret, { found, folder });
    else if (one.type === 'ssh') await addAgent(run, one.ssh, { found, folder, resources });
    else found.list.push(await mountOf(run, one, { caches, resources }));
  }
  const privateFolder = found.env.some((entry) => !entry.startsWith(`${AGENT_VARIABLE}=`)) ? await folder() : undefined;
  const held = resources.move();
  return { ...found, privateFolder, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

const AGENT_VARIABLE = 'SSH_AUTH_SOCK';

interface Found {
  list: RunOnceMount[];
  env: string[];
  secrets: Buffer[];
}

/** All at once: who had one and waited for another could wait for ever. */
async function openCaches(
  run: StageRun,
  ...[planned, resources]: [planned: readonly Planned[], resources: AsyncDisposableStack]
): Promise<ReadonlyMap<CachePlan, string>> {
  const plans = planned.flatMap((one) => (one.type === 'cache' ? [one.cache] : []));
  if (plans.length === 0) return new Map();
  const { context, request, signal } = run.build;
  const asks = await Promise.all(plans.map((one) => cacheAsk(run, one)));
  const { paths } = resources.use(await context.cacheMounts.open(asks, { ref: request.ref, signal }));
  return new Map(plans.map((one, index) => [one, paths[index] ?? '']));
}

async function mountOf(
  run: StageRun,
  planned: Planned & { type: 'bind' | 'cache' | 'tmpfs' },
  { caches, resources }: { caches: ReadonlyMap<CachePlan, string>; resources: AsyncDisposableStack },
): Promise<RunOnceMount> {
  const { destination } = planned;
  if (planned.type === 'tmpfs') {
    const size = planned.sizeBytes === undefined || planned.sizeBytes === 0 ? [] : [`size=${planned.sizeBytes}`];
    return { type: 'tmpfs', source: 'tmpfs', destination, options: ['nosuid', ...size] };
  }
  if (planned.type === 'cache') {
    const source = caches.get(planned.cache) ?? '';
    return { source, destination, options: planned.isReadOnly ? ['ro'] : [] };
  }
  const { isWritable } = planned;
  const source = await openBind(run, await planned.source.find(), { isWritable }, resources);
  return { source, destination, options: isWritable ? [] : ['ro'] };
}

async function addSecret(
  { build }: StageRun,
  ...[secret, { found, folder }]: [SecretMount, { found: Found; folder: () => Promise<string> }]
): Promise<void> {
  const opened = await openSecret(build.request.secrets, secret, folder);
  if (opened === undefined) return;
  found.list.push(...opened.mounts);
  found.env.push(...opened.env);
  found.secrets.push(opened.value);
}

async function addAgent(
  run: StageRun,
  ...[ssh, { found, folder, resources }]: [
    SshMount,
    { found: Found; folder: () => Promise<string>; resources: AsyncDisposableStack },
  ]
): Promise<void> {
  const { request, signal } = run.build;
  // Programs are told where it would be also where there is none, as BuildKit does.
  const isFirst = !found.env.some((entry) => entry.startsWith(`${AGENT_VARIABLE}=`));
  if (isFirst && !run.state.scope.variables().has(AGENT_VARIABLE))
    found.env.push(`${AGENT_VARIABLE}=${ssh.destination}`);
  const opened = await openSsh({ ssh: request.ssh, signal }, ssh, folder);
  if (opened === undefined) return;
  resources.use(opened);
  found.list.push(opened.mount);
}
