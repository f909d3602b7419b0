import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Resources } from '#api/host-config.ts';
import type { Mount } from '#linux/mount.ts';
import type { Prepared } from '#engine/runtime/runtime.ts';
import { createSpec } from '#engine/runtime/spec.ts';
import type { Task } from '#engine/runtime/task.ts';
import { openHub } from '#engine/stdio/hub.ts';
import { clearRun, removeBundle } from './clear-run.ts';
import type { Context } from './context.ts';
import { mergeEnv } from './merge.ts';
import { networkMounts, writeNetworkFiles } from './network-files.ts';
import { resourcesOf } from './resources.ts';
import { mountAll, rootfsOf } from './rootfs.ts';
import { lookupUser } from './users.ts';
import { makeWorkingDirectory } from './working-directory.ts';

/** One process in a prepared tree: a step of a build. */
export interface RunOnceRequest {
  /** Unique, `[a-z0-9-]`. */
  id: string;
  /** Mounts of a prepared snapshot. */
  rootfs: readonly Mount[];
  args: readonly string[];
  env: readonly string[];
  cwd: string;
  user: string;
  /** `none`, `host`, `bridge` or a network. */
  networkMode: string;
  extraHosts: readonly string[];
  mounts: readonly { source: string; destination: string; options: readonly string[] }[];
  shmBytes?: number;
  memoryBytes?: number;
  cpuQuota?: number;
  cpuPeriod?: number;
  cpuShares?: number;
  cpusetCpus?: string;
  ulimits?: readonly { name: string; soft: number; hard: number }[];
  hostCa: boolean;
  signal?: AbortSignal | undefined;
  onOutput(chunk: Uint8Array, stream: 'stdout' | 'stderr'): void;
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
  const bundle = runtime.bundleOf(id);
  const rootfs = rootfsOf(context, id);
  mountAll(rootfs, request.rootfs);
  const hostname = id.replace(/^run-/, '').slice(0, 12);
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
  const ca = request.hostCa ? await context.hostCa.additionFor(rootfs, request.env) : undefined;
  const own = [...request.mounts, ...(ca?.mounts ?? [])];
  const mounts = own.map(({ source, destination, options }) => ({
    destination,
    type: 'bind',
    source,
    options: ['rbind', 'rprivate', ...options],
  }));
  const { namespacePath } = sandbox;
  const { spec } = createSpec(
    {
      rootfs,
      args: request.args,
      env: mergeEnv([`HOSTNAME=${hostname}`, ...(ca?.env ?? [])], request.env),
      cwd: makeWorkingDirectory(rootfs, request.cwd, request.mounts),
      user: lookupUser(rootfs, request.user),
      hostname,
      namespaces: {
        ...(namespacePath === undefined ? { network: 'host' } : { network: namespacePath }),
        ...(runtime.host.cgroups.version === 1 ? { cgroup: 'host' } : {}),
      },
      mounts: [...networkMounts(bundle), ...mounts],
      shmBytes: request.shmBytes,
      cgroup: runtime.groupOf(id),
      resources: resourcesOf(limitsOf(request), runtime.host),
      ulimits: request.ulimits ?? [],
    },
    runtime.host,
  );
  return prepared.create(spec);
}

function limitsOf({
  memoryBytes = 0,
  cpuQuota = 0,
  cpuPeriod = 0,
  cpuShares = 0,
  cpusetCpus = '',
}: RunOnceRequest): Partial<Resources> {
  return { memory: memoryBytes, cpuQuota, cpuPeriod, cpuShares, cpusetCpus };
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
  const kill = (): void => void task.signal(SIGKILL);
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
