import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError, InternalError, InvalidArgumentError, NotModifiedError } from '#lib/errors.ts';
import { isDiskFull } from '#lib/files/is-disk-full.ts';
import { fullDisk, noSpace } from '#lib/full-disk.ts';
import type { MountSpec } from '#oci/runtime-spec.ts';
import { mountAt } from '#linux/mount.ts';
import { findInitProgram } from '#engine/runtime/init-program.ts';
import { createSpec } from '#engine/runtime/spec.ts';
import type { Prepared } from '#engine/runtime/runtime.ts';
import type { Task } from '#engine/runtime/task.ts';
import type { LogPlace } from '#engine/stdio/streams.ts';
import { buildSpec, pidOf, shmFolderOf } from './build-spec.ts';
import { checkDeviceRequests } from './check-host-config.ts';
import { clearRun } from './clear-run.ts';
import { type Context, publish, type Run } from './context.ts';
import { watchRun } from './finish.ts';
import { hostCaParts } from './host-ca-parts.ts';
import { logPathOf } from './log-path.ts';
import { copyNetworkFiles, networkMounts, writeNetworkFiles } from './network-files.ts';
import { networkRequest } from './network-request.ts';
import type { ContainerRecord } from './record.ts';
import { createSources } from './resolve-mounts.ts';
import { saveState } from './save-state.ts';
import { mountRootfs } from './rootfs.ts';
import { holdVolumeFolders } from './volume-folders.ts';

/**
 * Runs a container that does not run.
 * @throws {NotFoundError}; {NotModifiedError} if it runs; {ConflictError} if it is paused or being removed; {InvalidArgumentError} if its
 * command cannot be executed
 */
export async function startContainer(context: Context, name: string): Promise<void> {
  const { id } = context.records.find(name);
  using _ = await context.lock.acquire(id);
  const { state } = context.records.get(id);
  if (state.status === 'paused') throw new ConflictError('cannot start a paused container, try unpause instead');
  if (state.status === 'running') throw new NotModifiedError('container is already running');
  if (state.status === 'removing' || state.status === 'dead')
    throw new ConflictError('container is marked for removal and cannot be started');
  await startLocked(context, id, { restartCount: 0 });
}

/** The same for who holds the container's lock and knows that it may start. */
export async function startLocked(
  context: Context,
  id: string,
  { restartCount }: { restartCount: number },
): Promise<void> {
  await context.runs.get(id)?.done;
  const record = context.records.get(id);
  try {
    const run = await launch(context, record, restartCount);
    await context.runtime.start(run.task);
    publish(context, record, { action: 'start' });
  } catch (error) {
    const reason = await explain(context, error as Error);
    await failStart(context, record, reason);
    throw reason;
  }
}

/** The runtime's own words on a full disk do not tell it. */
async function explain({ dataRoot, execRoot }: Context, error: Error): Promise<Error> {
  const known = fullDisk(error);
  if (known !== undefined || !(error instanceof InternalError)) return known ?? error;
  const isFull = (await isDiskFull(dataRoot)) || (await isDiskFull(execRoot));
  return isFull ? noSpace(error.message, error) : error;
}

async function launch(context: Context, record: ContainerRecord, restartCount: number): Promise<Run> {
  const { id, config, hostConfig } = record;
  const { runtime, records } = context;
  checkDeviceRequests(hostConfig);
  const bundle = runtime.bundleOf(id);
  await mkdir(bundle, { recursive: true, mode: 0o711 });
  const log = logPathOf(context, record);
  const leaveStdinOpen = config.tty || !config.stdinOnce;
  const start = await logPlace(log);
  const prepared = runtime.prepare(id, { log, terminal: config.tty, stdin: config.openStdin, leaveStdinOpen });
  const task = await createTask(context, record, prepared);
  const streams = await context.streamsOf(id).connect(join(bundle, 'attach'), { start });
  const { pid, conmonPid, startTicks } = task;
  records.update(id, {
    task: { pid, conmonPid, startTicks },
    state: { ...record.state, status: 'running', exitCode: 0, error: '', oomKilled: false, startedAt: Date.now() },
    restartCount,
    manuallyStopped: false,
    health: undefined,
  });
  return watchRun(context, { id, task, streams });
}

/** Where the log of a new run begins. */
async function logPlace(log: string | undefined): Promise<LogPlace | undefined> {
  const stats = log === undefined ? undefined : await stat(log).catch(() => undefined);
  return stats === undefined ? undefined : { inode: stats.ino, offset: stats.size };
}

/** Tree, network and files are made side by side while the supervisor starts. */
async function createTask(context: Context, record: ContainerRecord, prepared: Prepared): Promise<Task> {
  try {
    const { id } = record;
    const steps = [
      mountRootfs(context, id),
      joinNetwork(context, record),
      createSources(record.mounts),
      mountShm(context, record),
    ] as const;
    await Promise.allSettled(steps); // none may still be at work when what they made is cleared away
    const [rootfs, namespacePath] = await Promise.all(steps);
    holdVolumeFolders(context.runtime.bundleOf(id), record.mounts);
    const ca = await hostCaParts(context, record, rootfs);
    const mounts: MountSpec[] = [...networkMounts(context.runtime.bundleOf(id)), ...ca.mounts];
    const init = await initProgramOf(record);
    const request = buildSpec(context, record, { rootfs, namespacePath, mounts, env: ca.env, init });
    const { spec, warnings } = createSpec(request, context.runtime.host);
    for (const warning of warnings) context.log.debug(warning, { container: record.name });
    return await prepared.create(spec);
  } catch (error) {
    prepared.cancel();
    throw error;
  }
}

/** With the host's processes in sight, the first process of the container is not the one that reaps. */
async function initProgramOf({ hostConfig }: ContainerRecord): Promise<string | undefined> {
  if (hostConfig.init !== true || hostConfig.pidMode !== '') return undefined;
  const program = await findInitProgram();
  if (program !== undefined) return program;
  throw new InvalidArgumentError('exec: "docker-init": executable file not found in $PATH', {
    why: '--init needs docker-init, tini, catatonit or dumb-init on the host, linked statically',
    hint: 'install it, for example: apt-get install tini',
  });
}

/** @returns path of the network namespace; undefined for the host's or another container's */
async function joinNetwork(context: Context, record: ContainerRecord): Promise<string | undefined> {
  const { runtime, networks, records } = context;
  const { id, config, hostConfig } = record;
  const bundle = runtime.bundleOf(id);
  if (hostConfig.networkMode.startsWith('container:')) {
    const other = records.find(hostConfig.networkMode.slice('container:'.length));
    pidOf(context, other.id);
    await copyNetworkFiles(bundle, runtime.bundleOf(other.id));
    return undefined;
  }
  const sandbox = await networks.attach(networkRequest(record));
  await writeNetworkFiles(bundle, sandbox, config.hostname);
  return sandbox.namespacePath;
}

async function mountShm({ runtime }: Context, { id, hostConfig }: ContainerRecord): Promise<void> {
  if (hostConfig.ipcMode !== 'shareable') return;
  const folder = shmFolderOf(runtime.bundleOf(id));
  await mkdir(folder, { recursive: true });
  const options = ['nosuid', 'nodev', 'noexec', 'mode=1777', `size=${hostConfig.shmSize}`];
  mountAt(folder, { type: 'tmpfs', source: 'shm', options });
}

/** Nothing of a start that failed stays but its reason. */
async function failStart(context: Context, record: ContainerRecord, error: Error): Promise<void> {
  const { id } = record;
  const { runs, streamsOf } = context;
  const run = runs.get(id);
  if (run !== undefined) {
    run.task.signal(SIGKILL);
    await run.done;
    return;
  }
  await context.runtime.killAll(id).catch(() => {});
  await clearRun(context, id);
  streamsOf(id).fail();
  const exitCode = failureCode(error);
  const state = { ...record.state, exitCode, error: error.message, finishedAt: Date.now() };
  const former = record.state.status === 'created' ? 'created' : 'exited';
  saveState(context, id, { state: { ...state, status: former }, task: undefined });
  context.signals.emit(`exit:${id}`, exitCode);
  if (record.hostConfig.autoRemove) context.signals.emit('remove', id);
}

const SIGKILL = 9;

/** As a shell tells it: 127 not found, 126 not executable, 128 anything else. */
function failureCode(error: Error): number {
  if (!(error instanceof InvalidArgumentError)) return 128;
  if (/executable file not found|no such file or directory/.test(error.message)) return 127;
  return /permission denied|is a directory/.test(error.message) ? 126 : 128;
}
