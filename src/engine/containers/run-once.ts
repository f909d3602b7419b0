import { readdirSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunLimits } from '#api/run-limits.ts';
import type { Resources } from '#api/host-config.ts';
import type { Mount } from '#linux/mount.ts';
import type { DeviceRule, DeviceSpec, HooksSpec, MountSpec } from '#oci/runtime-spec.ts';
import type { Sandbox } from '#engine/networks/networks.ts';
import type { Prepared } from '#engine/runtime/runtime.ts';
import { createSpec, type SpecRequest } from '#engine/runtime/spec.ts';
import type { Task } from '#engine/runtime/task.ts';
import { openHub } from '#engine/stdio/hub.ts';
import { clearRun, removeBundle } from './clear-run.ts';
import type { Context } from './context.ts';
import { mergeEnv } from './merge.ts';
import { networkMounts, writeNetworkFiles } from './network-files.ts';
import { checkResources, deviceNumbers, resourcesOf } from './resources.ts';
import { mountAll, rootfsOf } from './rootfs.ts';
import { lookupUser } from './users.ts';
import { makeWorkingDirectory } from './working-directory.ts';

/** One process in a prepared tree: a step of a build. */
export interface RunOnceRequest extends RunLimits {
  /** Unique, `[a-z0-9-]`. */
  id: string;
  /** Mounts of a prepared snapshot. */
  rootfs: readonly Mount[];
  args: readonly string[];
  env: readonly string[];
  cwd: string;
  user: string;
  mounts: readonly RunOnceMount[];
  hostCa: boolean;
  /** All capabilities, no filter of system calls, /sys and /proc as they are. */
  isInsecure?: boolean;
  devices?: RunOnceDevices;
  /** Folder in memory for what holds the environment, if that has secrets. */
  privateFolder?: string | undefined;
  signal?: AbortSignal | undefined;
  onOutput(chunk: Uint8Array, stream: 'stdout' | 'stderr'): void;
}

export interface RunOnceMount {
  /** A bind mount if undefined. */
  type?: 'bind' | 'tmpfs';
  source: string;
  destination: string;
  options: readonly string[];
}

/** What devices bring into a process. */
export interface RunOnceDevices {
  nodes: readonly DeviceSpec[];
  rules: readonly DeviceRule[];
  additionalGids: readonly number[];
  hooks: HooksSpec;
}

/** Runs it to its end; nothing of it stays, also not after a cancel. */
export type RunOnce = (request: RunOnceRequest) => Promise<{ exitCode: number; oomKilled: boolean }>;

/** Opens the way for builds; what a former engine left was cleared when its containers were taken up. */
export function createRunOnce(context: Context): RunOnce {
  return async (request) => {
    const { runtime } = context;
    const id = `run-${request.id}`;
    const bundle = runtime.bundleOf(id);
    request.signal?.throwIfAborted();
    await mkdir(join(bundle, 'rootfs'), { recursive: true, mode: 0o711 });
    if (request.privateFolder !== undefined)
      await symlink(join(request.privateFolder, 'config.json'), join(bundle, 'config.json'));
    if (request.cgroupParent !== undefined && request.cgroupParent !== '')
      await runtime.placeBelow(id, request.cgroupParent);
    const prepared = runtime.prepare(id, { log: undefined, terminal: false, stdin: false, leaveStdinOpen: true });
    try {
      const task = await create(context, { id, request, prepared });
      return await runTask(context, { task, request });
    } finally {
      prepared.cancel();
      await runtime.killAll(id).catch(() => {});
      await clearRun(context, id);
      await removeBundle(context, id);
    }
  };
}

async function create(
  context: Context,
  { id, request, prepared }: { id: string; request: RunOnceRequest; prepared: Prepared },
): Promise<Task> {
  const { runtime, networks } = context;
  checkResources(limitsOf(request), runtime.host);
  const bundle = runtime.bundleOf(id);
  const rootfs = rootfsOf(context, id);
  mountAll(rootfs, request.rootfs);
  const hostname = request.hostname ?? id.replace(/^run-/, '').slice(0, 12);
  const sandbox = await networks.attach({
    containerId: id,
    containerName: id,
    hostname,
    mode: request.networkMode === '' ? 'bridge' : request.networkMode,
    endpoints: {},
    ports: [],
    dns: [],
    dnsSearch: [],
    dnsOptions: [],
    extraHosts: request.extraHosts,
  });
  await writeNetworkFiles(bundle, sandbox, hostname);
  const { spec } = createSpec(await specOf(context, { id, request, rootfs, hostname, sandbox }), runtime.host);
  return prepared.create(spec);
}

interface SpecParts {
  id: string;
  request: RunOnceRequest;
  rootfs: string;
  hostname: string;
  sandbox: Sandbox;
}

async function specOf(
  { runtime, hostCa }: Context,
  { id, request, rootfs, hostname, sandbox }: SpecParts,
): Promise<SpecRequest> {
  const { devices, isInsecure = false } = request;
  const ca = request.hostCa ? await hostCa.additionFor(rootfs, request.env) : undefined;
  // A folder is mounted before what is below it.
  const mounts = [...request.mounts, ...(ca?.mounts ?? [])]
    .toSorted((a, b) => (a.destination < b.destination ? -1 : 1))
    .map(toMountSpec);
  const user = lookupUser(rootfs, request.user);
  return {
    rootfs,
    args: request.args,
    env: mergeEnv(ca?.env ?? [], request.env),
    cwd: makeWorkingDirectory(rootfs, request.cwd, request.mounts),
    user: { ...user, additionalGids: [...user.additionalGids, ...(devices?.additionalGids ?? [])] },
    hostname,
    privileged: isInsecure,
    namespaces: {
      ...(sandbox.namespacePath === undefined ? { network: 'host' } : { network: sandbox.namespacePath }),
      ...(runtime.host.cgroups.version === 1 ? { cgroup: 'host' } : {}),
    },
    mounts: [...networkMounts(runtime.bundleOf(id)), ...mounts],
    shmBytes: request.shmBytes,
    cgroup: runtime.groupOf(id),
    resources: resourcesOf(limitsOf(request), runtime.host),
    devices: [...(devices?.nodes ?? []), ...(isInsecure ? loopDevices() : [])],
    deviceRules: devices?.rules ?? [],
    hooks: devices?.hooks,
    ulimits: request.ulimits ?? [],
  };
}

/** Programs that may do all want to mount images of disks. */
function loopDevices(): DeviceSpec[] {
  const names = readdirSync('/dev').filter((name) => /^loop(\d+|-control)$/.test(name));
  return names.map((name) => {
    const path = `/dev/${name}`;
    return { path, ...deviceNumbers(path), fileMode: 0o660, uid: 0, gid: 0 };
  });
}

function toMountSpec({ type = 'bind', source, destination, options }: RunOnceMount): MountSpec {
  const own = type === 'bind' ? ['rbind', 'rprivate', ...options] : [...options];
  return { destination, type, source, options: own };
}

function limitsOf(request: RunOnceRequest): Partial<Resources> {
  const { memoryBytes = 0, memorySwapBytes = 0, cpuQuota = 0, cpuPeriod = 0, cpuShares = 0 } = request;
  const { cpusetCpus = '', cpusetMems = '' } = request;
  return { memory: memoryBytes, memorySwap: memorySwapBytes, cpuQuota, cpuPeriod, cpuShares, cpusetCpus, cpusetMems };
}

const OUTPUT_GRACE_MS = 2000;
const SIGKILL = 9;

async function runTask(
  { runtime }: Context,
  { task, request }: { task: Task; request: RunOnceRequest },
): Promise<{ exitCode: number; oomKilled: boolean }> {
  const { signal } = request;
  const hub = await openHub(join(runtime.bundleOf(task.id), 'attach'));
  hub.listen({ chunk: (bytes, stream) => request.onOutput(bytes, stream), end: () => {} });
  const kill = (): void => {
    task.signal(SIGKILL);
    // All of it at once: who outlives the first process of a step could go on to write.
    runtime.killAll(task.id).catch(() => {}); // done again when the run is cleared
  };
  signal?.addEventListener('abort', kill, { once: true });
  try {
    if (signal?.aborted !== true) await runtime.start(task);
    else kill();
    const exitCode = await task.exited;
    await Promise.race([hub.ended, sleep(OUTPUT_GRACE_MS, undefined, { ref: false })]);
    signal?.throwIfAborted();
    return { exitCode, oomKilled: (await runtime.oomKills(task.id)) > 0 };
  } finally {
    signal?.removeEventListener('abort', kill);
    hub.close();
  }
}
