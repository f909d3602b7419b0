import { InvalidArgumentError } from '#lib/errors.ts';
import type { ContainerConfig } from '#api/container-config.ts';
import type { HostConfig } from '#api/host-config.ts';
import type { Host } from '#engine/runtime/host.ts';
import { parseRotation } from '#engine/logs/rotate.ts';
import { capabilityName, grantCapabilities, grantOomScore, grantUlimits } from '#engine/runtime/grants.ts';
import { checkConfig } from './check-config.ts';
import { checkResources } from './resources.ts';
import { parseSecurityOptions } from './security-options.ts';

const RESTART_POLICIES = ['', 'no', 'always', 'unless-stopped', 'on-failure'];
const LOG_DRIVERS = ['', 'local', 'json-file', 'none'];

/**
 * Refuses what cannot be, and answers with a line for each accepted field that has no effect here.
 * @throws {InvalidArgumentError} with Docker's texts; {NotImplementedError}
 */
export function checkHostConfig(hostConfig: HostConfig, config: ContainerConfig, host: Host): string[] {
  checkConfig(config);
  checkResources(hostConfig, host);
  checkRestartPolicy(hostConfig);
  checkModes(hostConfig);
  for (const name of [...hostConfig.capAdd, ...hostConfig.capDrop]) capabilityName(name);
  if (!LOG_DRIVERS.includes(hostConfig.logConfig.type))
    throw new InvalidArgumentError(`logger: no log driver named '${hostConfig.logConfig.type}' is registered`, {
      hint: `use one of ${LOG_DRIVERS.slice(1).join(', ')}`,
    });
  parseRotation(hostConfig.logConfig.config);
  if (hostConfig.oomScoreAdj < -1000 || hostConfig.oomScoreAdj > 1000)
    throw new InvalidArgumentError(`Invalid value ${hostConfig.oomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  if (hostConfig.shmSize < 0) throw new InvalidArgumentError('SHM size can not be less than 0');
  const security = parseSecurityOptions(hostConfig.securityOpt);
  const grants = [
    grantCapabilities({ add: hostConfig.capAdd, drop: hostConfig.capDrop, privileged: hostConfig.privileged }, host),
    grantUlimits(hostConfig.ulimits, host),
    grantOomScore(hostConfig.oomScoreAdj, host),
  ];
  return [...grants.flatMap(({ warnings }) => warnings), ...security.warnings, ...withoutEffect(hostConfig, host)];
}

function checkRestartPolicy({ restartPolicy, autoRemove }: HostConfig): void {
  const { name, maximumRetryCount } = restartPolicy;
  if (!RESTART_POLICIES.includes(name))
    throw new InvalidArgumentError(
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  if (maximumRetryCount !== 0 && name !== 'on-failure')
    throw new InvalidArgumentError("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  if (maximumRetryCount < 0)
    throw new InvalidArgumentError('invalid restart policy: maximum retry count cannot be negative');
  if (autoRemove && name !== '' && name !== 'no')
    throw new InvalidArgumentError("can't create 'AutoRemove' container with restart policy");
}

function checkModes({
  networkMode,
  pidMode,
  ipcMode,
  utsMode,
  usernsMode,
  cgroupnsMode,
  portBindings,
}: HostConfig): void {
  if (pidMode !== '' && pidMode !== 'host' && !pidMode.startsWith('container:')) invalid('PID', pidMode);
  if (!['', 'private', 'shareable', 'host', 'none'].includes(ipcMode) && !ipcMode.startsWith('container:'))
    invalid('IPC', ipcMode);
  if (utsMode !== '' && utsMode !== 'host') invalid('UTS', utsMode);
  if (!['', 'private', 'host'].includes(cgroupnsMode)) invalid('cgroup namespace', cgroupnsMode);
  if (usernsMode !== '' && usernsMode !== 'host') invalid('userns', usernsMode);
  if (networkMode.startsWith('container:') && Object.keys(portBindings).length > 0)
    throw new InvalidArgumentError('conflicting options: port publishing and the container type network mode');
}

/** Name, whether it was asked for, and why it does nothing. */
function withoutEffect(hostConfig: HostConfig, { cgroups, appArmor, swapLimit }: Host): string[] {
  const lines: (readonly [boolean, string])[] = [
    [hostConfig.kernelMemory > 0, 'kernel memory limit discarded: kernels no longer have it'],
    [hostConfig.kernelMemoryTcp > 0, 'kernel memory TCP limit discarded: kernels no longer have it'],
    [hostConfig.cpuRealtimeRuntime > 0, 'real-time CPU runtime discarded: the parent group has no such budget'],
    [hostConfig.cpuRealtimePeriod > 0, 'real-time CPU period discarded: the parent group has no such budget'],
    [hostConfig.cpuCount > 0 || hostConfig.cpuPercent > 0, 'CPU count and percent discarded: they exist on Windows only'],
    [hostConfig.ioMaximumIops > 0 || hostConfig.ioMaximumBandwidth > 0, 'maximum I/O discarded: it exists on Windows only'],
    [cgroups.version === 2 && (hostConfig.memorySwappiness ?? -1) >= 0, 'memory swappiness discarded: version 2 of control groups has none'],
    [cgroups.version === 2 && hostConfig.oomKillDisable === true, 'OomKillDisable discarded: version 2 of control groups has none'],
    [hostConfig.cgroupParent !== '', 'cgroup parent discarded: containers live in the group of their engine'],
    [Object.keys(hostConfig.storageOpt).length > 0, 'storage options discarded: the storage driver has none'],
    [Object.keys(hostConfig.logConfig.config).length > 0 && hostConfig.logConfig.type !== 'none', logOptions(hostConfig)],
    [hostConfig.runtime !== '' && hostConfig.runtime !== 'runc' && hostConfig.runtime !== 'io.containerd.runc.v2', `runtime ${hostConfig.runtime} replaced by runc, the only one`],
    [hostConfig.links.length > 0, 'links discarded: put the containers into one network and use their names'],
    [hostConfig.cgroup !== '', 'cgroup to join discarded: it is not supported'],
    [hostConfig.memory > 0 && hostConfig.memorySwap !== -1 && !swapLimit, 'memory is limited without swap: the kernel does not count swap by control group'],
    [hostConfig.memory > 0 && !cgroups.controllers.has('memory'), 'memory limits discarded: the host has no memory controller'],
    [!appArmor && hostConfig.securityOpt.some((option) => /^apparmor[=:](?!unconfined)/.test(option)), 'AppArmor profile discarded: the kernel has no AppArmor'],
    [hostConfig.blkioWeight > 0 && cgroups.version === 1, 'block I/O weight has an effect with the BFQ scheduler only'],
    [hostConfig.containerIdFile !== '', ''],
  ]; // prettier-ignore
  return lines.filter(([asked, line]) => asked && line !== '').map(([, line]) => line);
}

const ROTATION: ReadonlySet<string> = new Set(['max-size', 'max-file']);

function logOptions({ logConfig }: HostConfig): string {
  const names = Object.keys(logConfig.config).filter((name) => !ROTATION.has(name));
  return names.length === 0 ? '' : `log options without effect: ${names.join(', ')}`;
}

/** @throws {NotImplementedError} for devices that only a driver could give */
export function checkDeviceRequests({ deviceRequests }: HostConfig): void {
  const [request] = deviceRequests;
  if (request === undefined) return;
  const capabilities = request.capabilities.map((names) => `[${names.join(' ')}]`).join(' ');
  throw new InvalidArgumentError(
    `could not select device driver "${request.driver}" with capabilities: [${capabilities}]`,
    { why: 'device requests are not served by this engine', hint: 'pass the device nodes with --device' },
  );
}

function invalid(what: string, value: string): never {
  throw new InvalidArgumentError(`invalid ${what} mode: ${value}`);
}
