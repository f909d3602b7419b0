import { formatMillis } from './timestamps.ts';
import { apiVersionNumber, MAX_API_VERSION, MIN_API_VERSION } from './versions.ts';

/** What this engine and its host are; fixed while it runs. */
export interface SystemFacts {
  /** The engine's id. */
  id: string;
  version: string;
  pid: number;
  dataRoot: string;
  execRoot: string;
  /** Milliseconds since epoch. */
  startedAt: number;
  kernel: string;
  /** As Go names it: `amd64`, `arm64`. */
  arch: string;
  /** As uname(1) names it: `x86_64`. */
  machine: string;
  operatingSystem: string;
  osVersion: string;
  hostname: string;
  processors: number;
  /** Bytes. */
  memory: number;
  cgroupVersion: 1 | 2;
  /** Controllers the host has. */
  controllers: readonly string[];
  securityOptions: readonly string[];
  runcVersion: string;
  conmonVersion: string;
  /** Path of the program for `--init`; empty if there is none. */
  initProgram: string;
  /** Node's. */
  nodeVersion: string;
  snapshotDriver: string;
  snapshotStatus: readonly (readonly [string, string])[];
  firewall: string;
  addressPools: readonly { base: string; size: number }[];
  proxy: { http: string; https: string; no: string };
  warnings: readonly string[];
}

/** What changes from one `GET /info` to the next. */
export interface SystemCounts {
  running: number;
  paused: number;
  stopped: number;
  images: number;
  debug: boolean;
  listeners: number;
  openFiles: number;
  ipv4Forwarding: boolean;
  labels: readonly string[];
  insecureRegistries: readonly string[];
  mirrors: readonly string[];
}

/** The answer of `GET /version`. */
export function versionToWire(facts: SystemFacts): Record<string, unknown> {
  const common = {
    ApiVersion: MAX_API_VERSION,
    MinAPIVersion: MIN_API_VERSION,
    GitCommit: '',
    GoVersion: `none (node ${facts.nodeVersion})`,
    Os: 'linux',
    Arch: facts.arch,
    KernelVersion: facts.kernel,
    BuildTime: '',
  };
  return {
    Platform: { Name: 'Berth' },
    Components: [
      { Name: 'Engine', Version: facts.version, Details: { ...common, Experimental: 'false' } },
      { Name: 'runc', Version: facts.runcVersion, Details: { GitCommit: '' } },
      { Name: 'conmon', Version: facts.conmonVersion, Details: { GitCommit: '' } },
    ],
    Version: facts.version,
    ...common,
  };
}

/** The answer of `GET /info` for a client that speaks `version`. */
export function infoToWire(facts: SystemFacts, counts: SystemCounts, version: number): Record<string, unknown> {
  return {
    ID: facts.id,
    ...countFields(counts),
    ...hostFields(facts),
    ...limitFields(facts),
    Driver: facts.snapshotDriver,
    DriverStatus: facts.snapshotStatus,
    DockerRootDir: facts.dataRoot,
    Plugins: { Volume: ['local'], Network: ['bridge', 'host', 'null'], Authorization: null, Log: ['local'] },
    LoggingDriver: 'json-file',
    ServerVersion: facts.version,
    ...registryFields(counts),
    HttpProxy: facts.proxy.http,
    HttpsProxy: facts.proxy.https,
    NoProxy: facts.proxy.no,
    Labels: counts.labels,
    ExperimentalBuild: false,
    Runtimes: { runc: { path: 'runc' } },
    DefaultRuntime: 'runc',
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: facts.initProgram.split('/').at(-1) ?? '',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: facts.runcVersion },
    InitCommit: { ID: '' },
    SecurityOptions: facts.securityOptions,
    ProductLicense: '',
    DefaultAddressPools: facts.addressPools.map(({ base, size }) => ({ Base: base, Size: size })),
    GenericResources: null,
    CDISpecDirs: ['/etc/cdi', '/var/run/cdi'],
    DiscoveredDevices: [],
    FirewallBackend: { Driver: facts.firewall },
    Warnings: facts.warnings,
    // Gone with 1.50; older clients warn about a false one.
    ...(version < (apiVersionNumber('1.50') ?? 0) && { BridgeNfIptables: true, BridgeNfIp6tables: true }),
  };
}

function countFields(counts: SystemCounts): Record<string, unknown> {
  return {
    Containers: counts.running + counts.paused + counts.stopped,
    ContainersRunning: counts.running,
    ContainersPaused: counts.paused,
    ContainersStopped: counts.stopped,
    Images: counts.images,
    Debug: counts.debug,
    NFd: counts.openFiles,
    NGoroutines: 1,
    SystemTime: formatMillis(Date.now()),
    NEventsListener: counts.listeners,
    IPv4Forwarding: counts.ipv4Forwarding,
  };
}

function hostFields(facts: SystemFacts): Record<string, unknown> {
  return {
    KernelVersion: facts.kernel,
    OperatingSystem: facts.operatingSystem,
    OSVersion: facts.osVersion,
    OSType: 'linux',
    Architecture: facts.machine,
    NCPU: facts.processors,
    MemTotal: facts.memory,
    Name: facts.hostname,
  };
}

function limitFields({ controllers, cgroupVersion }: SystemFacts): Record<string, unknown> {
  const has = (name: string): boolean => controllers.includes(name);
  return {
    MemoryLimit: has('memory'),
    SwapLimit: has('memory'),
    CpuCfsPeriod: has('cpu'),
    CpuCfsQuota: has('cpu'),
    CPUShares: has('cpu'),
    CPUSet: has('cpuset'),
    PidsLimit: has('pids'),
    OomKillDisable: cgroupVersion === 1 && has('memory'),
    CgroupDriver: 'cgroupfs',
    CgroupVersion: String(cgroupVersion),
  };
}

const isNetwork = (text: string): boolean => text.includes('/');

function registryFields({ insecureRegistries, mirrors }: SystemCounts): Record<string, unknown> {
  const index = (name: string, secure: boolean): [string, object] => [
    name,
    { Name: name, Mirrors: secure ? mirrors : [], Secure: secure, Official: secure },
  ];
  const hosts = insecureRegistries.filter((text) => !isNetwork(text));
  return {
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: {
      AllowNondistributableArtifactsCIDRs: null,
      AllowNondistributableArtifactsHostnames: null,
      InsecureRegistryCIDRs: [...new Set([...insecureRegistries.filter(isNetwork), '127.0.0.0/8'])],
      IndexConfigs: Object.fromEntries([index('docker.io', true), ...hosts.map((host) => index(host, false))]),
      Mirrors: mirrors,
    },
  };
}

/** One line of `GET /events`; up to 1.51 container and image events also have their former flat fields. */
export function eventToWire(
  event: {
    type: string;
    action: string;
    id: string;
    attributes: Readonly<Record<string, string>>;
    timeNano: bigint;
  },
  version: number,
): string {
  const flat =
    version < 152 && (event.type === 'container' || event.type === 'image')
      ? {
          status: event.action,
          id: event.id,
          ...(event.type === 'container' &&
            event.attributes['image'] !== undefined && { from: event.attributes['image'] }),
        }
      : {};
  const text = JSON.stringify({
    ...flat,
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: event.attributes },
    scope: 'local',
    time: Number(event.timeNano / 1_000_000_000n),
  });
  // The number has more digits than a double holds.
  return `${text.slice(0, -1)},"timeNano":${event.timeNano}}\n`;
}
