import type {
  DeviceRule,
  DeviceSpec,
  HooksSpec,
  MountSpec,
  NamespaceType,
  ProcessSpec,
  ResourcesSpec,
  RuntimeSpec,
  SeccompSpec,
} from '#oci/runtime-spec.ts';
import type { Host } from './host.ts';
import { capabilitySets, grantCapabilities, grantOomScore, grantUlimits, type Ulimit } from './grants.ts';
import { customSeccomp, defaultSeccomp } from './seccomp.ts';

/** What a container is to be; Docker's default posture where nothing else is said. */
export interface SpecRequest {
  rootfs: string;
  readonlyRootfs?: boolean;
  args: readonly string[];
  env: readonly string[];
  cwd: string;
  user: { uid: number; gid: number; additionalGids: readonly number[] };
  terminal?: boolean;
  consoleSize?: readonly [height: number, width: number] | undefined;
  hostname?: string | undefined;
  privileged?: boolean;
  capAdd?: readonly string[];
  capDrop?: readonly string[];
  noNewPrivileges?: boolean;
  /** A profile in Docker's JSON form, or `unconfined`; the default one if absent. */
  seccomp?: unknown;
  apparmor?: string | undefined;
  /** Path of a namespace to join, or `host`; what is absent gets its own. */
  namespaces?: Partial<Record<NamespaceType, string>>;
  mounts?: readonly MountSpec[];
  shmBytes?: number | undefined;
  /** Folder bound at /dev/shm instead of a tmpfs of its own. */
  shmSource?: string | undefined;
  cgroup: string;
  resources?: Omit<ResourcesSpec, 'devices'>;
  devices?: readonly DeviceSpec[];
  deviceRules?: readonly DeviceRule[];
  ulimits?: readonly Ulimit[];
  oomScoreAdj?: number;
  sysctls?: Readonly<Record<string, string>>;
  /** Docker's list if absent. */
  maskedPaths?: readonly string[] | undefined;
  readonlyPaths?: readonly string[] | undefined;
  rootfsPropagation?: string | undefined;
  annotations?: Readonly<Record<string, string>>;
  hooks?: HooksSpec | undefined;
}

const MASKED = [
  '/proc/asound', '/proc/acpi', '/proc/interrupts', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list',
  '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware', '/sys/devices/virtual/powercap',
]; // prettier-ignore
const READONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];
const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

/** The bundle's config.json, and a line for everything the host made us cut. Pure. */
export function createSpec(request: SpecRequest, host: Host): { spec: RuntimeSpec; warnings: string[] } {
  const { privileged = false } = request;
  const capabilities = grantCapabilities({ add: request.capAdd ?? [], drop: request.capDrop ?? [], privileged }, host);
  const rlimits = grantUlimits(request.ulimits ?? [], host);
  const oomScore = grantOomScore(request.oomScoreAdj ?? 0, host);
  const seccomp = seccompOf(request, capabilities.value, host);
  const process: ProcessSpec = {
    terminal: request.terminal === true,
    ...(request.consoleSize === undefined
      ? {}
      : { consoleSize: { height: request.consoleSize[0], width: request.consoleSize[1] } }),
    user: { ...request.user, additionalGids: [...request.user.additionalGids] },
    args: [...request.args],
    env: [...request.env],
    cwd: request.cwd,
    capabilities: capabilitySets(capabilities.value, request.user.uid),
    rlimits: rlimits.value,
    noNewPrivileges: request.noNewPrivileges === true,
    oomScoreAdj: oomScore.value,
    ...(host.appArmor && request.apparmor !== undefined ? { apparmorProfile: request.apparmor } : {}),
  };
  const spec: RuntimeSpec = {
    ociVersion: '1.0.2',
    process,
    root: { path: request.rootfs, readonly: request.readonlyRootfs === true },
    ...(request.namespaces?.uts === undefined && request.hostname !== undefined ? { hostname: request.hostname } : {}),
    mounts: mountsOf(request),
    ...(request.annotations === undefined ? {} : { annotations: { ...request.annotations } }),
    ...(request.hooks === undefined || Object.keys(request.hooks).length === 0 ? {} : { hooks: request.hooks }),
    linux: {
      namespaces: namespacesOf(request.namespaces ?? {}),
      cgroupsPath: request.cgroup,
      resources: { ...request.resources, devices: deviceRulesOf(request) },
      ...(request.devices === undefined || request.devices.length === 0 ? {} : { devices: [...request.devices] }),
      ...sysctlOf(request),
      ...(seccomp === undefined ? {} : { seccomp }),
      ...(request.rootfsPropagation === undefined ? {} : { rootfsPropagation: request.rootfsPropagation }),
      maskedPaths: privileged ? [] : [...(request.maskedPaths ?? [...MASKED, ...host.thermalPaths])],
      readonlyPaths: privileged ? [] : [...(request.readonlyPaths ?? READONLY)],
    },
  };
  return { spec, warnings: [...capabilities.warnings, ...rlimits.warnings, ...oomScore.warnings] };
}

function seccompOf(
  { seccomp, privileged }: SpecRequest,
  capabilities: readonly string[],
  host: Host,
): SeccompSpec | undefined {
  if (seccomp === 'unconfined' || (privileged === true && seccomp === undefined)) return undefined;
  return seccomp === undefined
    ? defaultSeccomp(capabilities, host.machine)
    : customSeccomp(seccomp, capabilities, host.machine);
}

const OWN_NAMESPACES: readonly NamespaceType[] = ['mount', 'network', 'uts', 'pid', 'ipc', 'cgroup'];

function namespacesOf(asked: Partial<Record<NamespaceType, string>>): { type: NamespaceType; path?: string }[] {
  return OWN_NAMESPACES.filter((type) => asked[type] !== 'host').map((type) => {
    const path = asked[type];
    return path === undefined ? { type } : { type, path };
  });
}

function mountsOf({ privileged, shmBytes, shmSource, mounts }: SpecRequest): MountSpec[] {
  const mode = privileged === true ? 'rw' : 'ro';
  const base = ['nosuid', 'noexec', 'nodev'];
  const all: MountSpec[] = [
    { destination: '/proc', type: 'proc', source: 'proc', options: base },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...base, mode] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [mode, ...base] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: base },
    shmMount(shmSource, shmBytes),
  ];
  const given = mounts ?? [];
  const taken = new Set(given.map(({ destination }) => destination));
  return [...all.filter(({ destination }) => !taken.has(destination)), ...given];
}

function shmMount(source: string | undefined, bytes: number | undefined): MountSpec {
  if (source !== undefined)
    return {
      destination: '/dev/shm',
      type: 'bind',
      source,
      options: ['rbind', 'rprivate', 'nosuid', 'noexec', 'nodev'],
    };
  return {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${bytes ?? DEFAULT_SHM_BYTES}`],
  };
}

/** Docker's rules, in its order; the runtime adds its own (mknod of anything, full, ptmx, pts). */
function deviceRulesOf({ privileged, deviceRules, devices }: SpecRequest): DeviceRule[] {
  if (privileged === true) return [{ allow: true, access: 'rwm' }];
  const listed = (devices ?? []).map(({ type, major, minor }) => ({ allow: true, type, major, minor, access: 'rwm' }));
  return [
    { allow: false, access: 'rwm' },
    ...[5, 3, 9, 8].map((minor) => character(1, minor)),
    character(5, 0),
    character(5, 1),
    character(10, 229, false),
    ...(deviceRules ?? listed),
  ];
}

function sysctlOf({ namespaces, sysctls }: SpecRequest): { sysctl?: Record<string, string> } {
  const own = namespaces?.network !== 'host';
  const defaults = own
    ? { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' }
    : {};
  const sysctl = { ...defaults, ...sysctls };
  return Object.keys(sysctl).length === 0 ? {} : { sysctl };
}

function character(major: number, minor: number, allow = true): DeviceRule {
  return { allow, type: 'c', major, minor, access: 'rwm' };
}
