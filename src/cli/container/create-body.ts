import { readFileSync } from 'node:fs';
import type { OptionValues } from '../options.ts';
import { GIVEN } from '../options.ts';
import { UsageError } from '../parse-options.ts';
import { readLabels, readVariables } from './env.ts';
import { parseMount, parseTmpfs, parseVolume } from './mounts.ts';
import type { ContainerOptions } from './options.ts';
import { parsePorts } from './ports.ts';
import { parseBytes, parseDevice, parseGpus, parseNanos, parsePairs, parseRestart, parseUlimit } from './values.ts';

type Options = OptionValues<ContainerOptions>;

/** What is asked for besides options. */
export interface CreateSubject {
  image: string;
  command: readonly string[];
  /** Streams that the caller attaches. */
  attach: { stdin: boolean; stdout: boolean; stderr: boolean };
  /** Characters, of a terminal. */
  consoleSize?: readonly [height: number, width: number] | undefined;
}

/** The body of `POST /containers/create`. @throws {UsageError} */
export function createBody(options: Options, subject: CreateSubject): object {
  const ports = parsePorts(options.publish, options.expose);
  const volumes = options.volume.map(parseVolume);
  return {
    Image: subject.image,
    ...(subject.command.length > 0 && { Cmd: subject.command }),
    ...(options.entrypoint !== undefined && { Entrypoint: options.entrypoint === '' ? [''] : [options.entrypoint] }),
    Hostname: options.hostname ?? '',
    Domainname: options.domainname ?? '',
    User: options.user ?? '',
    AttachStdin: subject.attach.stdin,
    AttachStdout: subject.attach.stdout,
    AttachStderr: subject.attach.stderr,
    Tty: options.tty,
    OpenStdin: options.interactive,
    StdinOnce: subject.attach.stdin,
    Env: readVariables(options['env-file'], options.env),
    Labels: parsePairs(readLabels(options['label-file'], options.label)),
    WorkingDir: options.workdir ?? '',
    ExposedPorts: ports.ExposedPorts,
    Volumes: Object.fromEntries(volumes.flatMap((volume) => ('anonymous' in volume ? [[volume.anonymous, {}]] : []))),
    ...healthcheck(options),
    ...(options['stop-signal'] !== undefined && { StopSignal: options['stop-signal'] }),
    ...(options['stop-timeout'] !== undefined && { StopTimeout: options['stop-timeout'] }),
    HostConfig: {
      ...hostConfig(options),
      ...limits(options),
      Binds: volumes.flatMap((volume) => ('bind' in volume ? [volume.bind] : [])),
      PortBindings: ports.PortBindings,
      ...(subject.consoleSize !== undefined && { ConsoleSize: subject.consoleSize }),
    },
    NetworkingConfig: { EndpointsConfig: endpoints(options) },
  };
}

function hostConfig(options: Options): object {
  const networks = [...options.network, ...options.net];
  return {
    NetworkMode: networkName(networks[0] ?? 'default'),
    AutoRemove: options.rm,
    RestartPolicy: parseRestart(restartPolicy(options)),
    PublishAllPorts: options['publish-all'],
    Privileged: options.privileged,
    ReadonlyRootfs: options['read-only'],
    CapAdd: options['cap-add'],
    CapDrop: options['cap-drop'],
    SecurityOpt: options['security-opt'].map(readSecurityOption),
    ExtraHosts: options['add-host'].map((text) => text.replace(/^([^:=]+)=/, '$1:')),
    Dns: options.dns,
    DnsOptions: options['dns-option'],
    DnsSearch: options['dns-search'],
    GroupAdd: options['group-add'],
    Links: options.link,
    Mounts: options.mount.map(parseMount),
    Tmpfs: parseTmpfs(options.tmpfs),
    Sysctls: parsePairs(options.sysctl),
    Annotations: parsePairs(options.annotation),
    VolumesFrom: options['volumes-from'],
    VolumeDriver: options['volume-driver'] ?? '',
    LogConfig: { Type: options['log-driver'] ?? '', Config: parsePairs(options['log-opt']) },
    IpcMode: options.ipc ?? '',
    PidMode: options.pid ?? '',
    UTSMode: options.uts ?? '',
    UsernsMode: options.userns ?? '',
    CgroupnsMode: options.cgroupns ?? '',
    CgroupParent: options['cgroup-parent'] ?? '',
    Runtime: options.runtime ?? '',
    ...(options.init && { Init: true }),
  };
}

function limits(options: Options): object {
  const bytes = (name: 'memory' | 'memory-reservation' | 'memory-swap' | 'shm-size'): number => {
    const text = options[name];
    return text === undefined ? 0 : parseBytes(name, text);
  };
  return {
    Memory: bytes('memory'),
    MemoryReservation: bytes('memory-reservation'),
    MemorySwap: bytes('memory-swap'),
    ShmSize: bytes('shm-size'),
    NanoCpus: options.cpus === undefined ? 0 : nanoCpus(options.cpus),
    CpuShares: options['cpu-shares'] ?? 0,
    CpuPeriod: options['cpu-period'] ?? 0,
    CpuQuota: options['cpu-quota'] ?? 0,
    CpusetCpus: options['cpuset-cpus'] ?? '',
    CpusetMems: options['cpuset-mems'] ?? '',
    OomScoreAdj: options['oom-score-adj'] ?? 0,
    ...(options[GIVEN].has('oom-kill-disable') && { OomKillDisable: options['oom-kill-disable'] }),
    ...(options['pids-limit'] !== undefined && { PidsLimit: options['pids-limit'] }),
    Ulimits: options.ulimit.map(parseUlimit),
    Devices: options.device.filter((text) => !isDeviceName(text)).map(parseDevice),
    DeviceCgroupRules: options['device-cgroup-rule'],
    DeviceRequests: deviceRequests(options),
  };
}

/** `vendor/class=name` names a device of the Container Device Interface, not a path. */
function isDeviceName(text: string): boolean {
  return /^[\w.-]+\/[\w.-]+=[\w.:-]+$/.test(text);
}

function deviceRequests({ gpus, device }: Options): object[] {
  const named = device.filter(isDeviceName);
  return [
    ...(gpus === undefined ? [] : [parseGpus(gpus)]),
    ...(named.length === 0 ? [] : [{ Driver: 'cdi', DeviceIDs: named }]),
  ];
}

export function nanoCpus(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`--cpus needs a number, not ${JSON.stringify(text)}`);
  return Math.round(Number(text) * 1e9);
}

function restartPolicy({ restart, rm }: Options): string {
  const policy = restart ?? 'no';
  if (rm && policy !== 'no') throw new UsageError('--rm and --restart exclude each other');
  return policy;
}

/** The engine knows only the content of a profile, not files of this side. */
function readSecurityOption(text: string): string {
  const [, path] = /^seccomp[=:](.+)$/.exec(text) ?? [];
  if (path === undefined || path === 'unconfined' || path === 'builtin') return text;
  try {
    return `seccomp=${JSON.stringify(JSON.parse(readFileSync(path, 'utf8')))}`;
  } catch (error) {
    throw new UsageError(`--security-opt ${text}: the profile cannot be read`, { why: (error as Error).message });
  }
}

function networkName(text: string): string {
  return text.includes('name=') ? (/(?:^|,)name=([^,]+)/.exec(text)?.[1] ?? text) : text;
}

function endpoints(options: Options): object {
  const [first, ...others] = [...options.network, ...options.net];
  const own = {
    ...(options.ip !== undefined && { IPAMConfig: { IPv4Address: options.ip } }),
    ...(options['network-alias'].length > 0 && { Aliases: options['network-alias'] }),
    ...(options['mac-address'] !== undefined && { MacAddress: options['mac-address'] }),
  };
  if (first === undefined && Object.keys(own).length === 0) return {};
  return Object.fromEntries([
    [networkName(first ?? 'default'), own] as const,
    ...others.map((name) => [networkName(name), {}] as const),
  ]);
}

function healthcheck(options: Options): object {
  if (options['no-healthcheck']) return { Healthcheck: { Test: ['NONE'] } };
  const nanos = (name: 'health-interval' | 'health-timeout' | 'health-start-period'): number | undefined => {
    const text = options[name];
    return text === undefined ? undefined : parseNanos(name, text);
  };
  const check = {
    Test: options['health-cmd'] === undefined ? undefined : ['CMD-SHELL', options['health-cmd']],
    Interval: nanos('health-interval'),
    Timeout: nanos('health-timeout'),
    StartPeriod: nanos('health-start-period'),
    Retries: options['health-retries'],
  };
  return Object.values(check).some((value) => value !== undefined) ? { Healthcheck: check } : {};
}
