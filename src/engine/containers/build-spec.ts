import { join } from 'node:path';
import { ConflictError } from '#lib/errors.ts';
import type { NamespaceType } from '#oci/runtime-spec.ts';
import type { MountSpec } from '#oci/runtime-spec.ts';
import type { SpecRequest } from '#engine/runtime/spec.ts';
import type { Context } from './context.ts';
import { devicesOf } from './devices.ts';
import { environmentOf } from './environment.ts';
import { mountSpecs } from './mount-specs.ts';
import { type ContainerRecord, isRunning } from './record.ts';
import { resourcesOf } from './resources.ts';
import { parseSecurityOptions } from './security-options.ts';
import { lookupUser } from './users.ts';
import { makeWorkingDirectory } from './working-directory.ts';

/** What a run adds to a container's record. */
export interface RunParts {
  rootfs: string;
  /** Of the network; undefined for the host's. */
  namespacePath: string | undefined;
  /** /etc/hosts and its like, and the bundle of certificate authorities. */
  mounts: readonly MountSpec[];
  env: readonly string[];
  /** The host's program that runs as first process; undefined for the command itself. */
  init?: string | undefined;
}

/** Where that program is seen in the container. */
export const INIT = '/sbin/docker-init';

/** The runtime's request for a container. @throws {InvalidArgumentError} for an unknown user, or a working directory that is a file */
export function buildSpec(context: Context, record: ContainerRecord, parts: RunParts): SpecRequest {
  const { config, hostConfig, command } = record;
  const { runtime } = context;
  const user = lookupUser(parts.rootfs, config.user, hostConfig.groupAdd);
  const cwd = makeWorkingDirectory(parts.rootfs, config.workingDir, record.mounts);
  const security = parseSecurityOptions(hostConfig.securityOpt);
  const devices = devicesOf(hostConfig);
  const open = security.openPaths ? [] : undefined;
  const [height = 0, width = 0] = hostConfig.consoleSize ?? [];
  const mounts = mountSpecs(runtime.bundleOf(record.id), record.mounts, {
    runc: runtime.programs.runc.version,
  });
  const shared = mounts.some(({ options }) => options.includes('shared') || options.includes('rshared'));
  const slave = mounts.some(({ options }) => options.includes('slave') || options.includes('rslave'));
  return {
    rootfs: parts.rootfs,
    readonlyRootfs: hostConfig.readonlyRootfs,
    args: parts.init === undefined ? command : [INIT, '--', ...command],
    env: environmentOf(record, parts.env),
    cwd,
    user,
    terminal: config.tty,
    consoleSize: config.tty && height > 0 && width > 0 ? [height, width] : undefined,
    hostname: config.hostname,
    privileged: hostConfig.privileged,
    capAdd: hostConfig.capAdd,
    capDrop: hostConfig.capDrop,
    noNewPrivileges: security.noNewPrivileges,
    seccomp: security.seccomp,
    apparmor: security.apparmor,
    namespaces: namespacesOf(context, record, parts.namespacePath),
    mounts: [...parts.mounts.filter(({ destination }) => !mounts.some((mount) => mount.destination === destination)), ...initMount(parts.init), ...mounts], // prettier-ignore
    shmBytes: hostConfig.shmSize,
    shmSource: shmSourceOf(context, record),
    cgroup: runtime.groupOf(record.id),
    resources: resourcesOf(hostConfig, runtime.host),
    devices: devices.nodes,
    deviceRules: devices.rules,
    ulimits: hostConfig.ulimits,
    oomScoreAdj: hostConfig.oomScoreAdj,
    sysctls: { ...(config.domainname === '' ? {} : { 'kernel.domainname': config.domainname }), ...hostConfig.sysctls },
    maskedPaths: open ?? hostConfig.maskedPaths,
    readonlyPaths: open ?? hostConfig.readonlyPaths,
    rootfsPropagation: shared ? 'shared' : slave ? 'slave' : undefined,
    annotations: hostConfig.annotations,
  };
}

function initMount(program: string | undefined): MountSpec[] {
  if (program === undefined) return [];
  return [{ destination: INIT, type: 'bind', source: program, options: ['bind', 'ro', 'nosuid', 'nodev'] }];
}

function namespacesOf(
  context: Context,
  { hostConfig, config }: ContainerRecord,
  networkPath: string | undefined,
): Partial<Record<NamespaceType, string>> {
  const { networkMode, pidMode, ipcMode, utsMode, cgroupnsMode } = hostConfig;
  const joined = (mode: string, type: NamespaceType): Partial<Record<NamespaceType, string>> => {
    if (mode === 'host') return { [type]: 'host' };
    if (!mode.startsWith('container:')) return {};
    const pid = pidOf(context, mode.slice('container:'.length));
    return { [type]: `/proc/${pid}/ns/${type === 'network' ? 'net' : type}` };
  };
  return {
    ...(networkMode.startsWith('container:')
      ? joined(networkMode, 'network')
      : config.networkDisabled !== true && networkMode === 'host'
        ? { network: 'host' }
        : networkPath === undefined
          ? {}
          : { network: networkPath }),
    ...joined(pidMode, 'pid'),
    ...joined(ipcMode, 'ipc'),
    ...joined(utsMode, 'uts'),
    ...(cgroupnsMode === 'host' ? { cgroup: 'host' } : {}),
  };
}

/** @throws {ConflictError} if the other container does not run */
export function pidOf({ records, runs }: Pick<Context, 'records' | 'runs'>, id: string): number {
  const record = records.find(id);
  const task = runs.get(record.id)?.task;
  if (!isRunning(record) || task?.alive() !== true)
    throw new ConflictError(`cannot join namespace of a non running container: ${record.name}`);
  return task.pid;
}

/** Folder bound at /dev/shm: the host's, another container's, or one that others may join. */
function shmSourceOf({ runtime, records }: Context, { id, hostConfig }: ContainerRecord): string | undefined {
  const { ipcMode } = hostConfig;
  if (ipcMode === 'host') return '/dev/shm';
  if (ipcMode === 'shareable') return shmFolderOf(runtime.bundleOf(id));
  if (!ipcMode.startsWith('container:')) return undefined;
  const other = records.find(ipcMode.slice('container:'.length));
  if (other.hostConfig.ipcMode !== 'shareable')
    throw new ConflictError(`cannot join IPC of a non-shareable container: ${other.name}`, {
      hint: 'start the other container with --ipc shareable',
    });
  return shmFolderOf(runtime.bundleOf(other.id));
}

/** Where a shareable /dev/shm is mounted on the host. */
export function shmFolderOf(bundle: string): string {
  return join(bundle, 'shm');
}
