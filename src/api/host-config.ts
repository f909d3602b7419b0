import { type Parsed, parseFields, printFields } from './fields.ts';

const RESTART_POLICY = {
  name: ['Name', 'string'],
  maximumRetryCount: ['MaximumRetryCount', 'integer'],
} as const;

const DEVICE = {
  pathOnHost: ['PathOnHost', 'string'],
  pathInContainer: ['PathInContainer', 'string'],
  cgroupPermissions: ['CgroupPermissions', 'string'],
} as const;

const DEVICE_REQUEST = {
  driver: ['Driver', 'string'],
  count: ['Count', 'integer'],
  deviceIds: ['DeviceIDs', 'strings'],
  capabilities: ['Capabilities', 'lists'],
  options: ['Options', 'map'],
} as const;

const THROTTLE = { path: ['Path', 'string'], rate: ['Rate', 'integer'] } as const;
const WEIGHT = { path: ['Path', 'string'], weight: ['Weight', 'integer'] } as const;
const ULIMIT = { name: ['Name', 'string'], soft: ['Soft', 'integer'], hard: ['Hard', 'integer'] } as const;

const MOUNT = {
  target: ['Target', 'string'],
  source: ['Source', 'string'],
  type: ['Type', 'string'],
  readOnly: ['ReadOnly', 'boolean'],
  consistency: ['Consistency', 'string'],
  bindOptions: [
    'BindOptions',
    {
      'one?': {
        propagation: ['Propagation', 'string'],
        nonRecursive: ['NonRecursive', 'boolean'],
        createMountpoint: ['CreateMountpoint', 'boolean'],
        readOnlyNonRecursive: ['ReadOnlyNonRecursive', 'boolean'],
        readOnlyForceRecursive: ['ReadOnlyForceRecursive', 'boolean'],
      },
    },
  ],
  volumeOptions: [
    'VolumeOptions',
    {
      'one?': {
        noCopy: ['NoCopy', 'boolean'],
        labels: ['Labels', 'map'],
        driverConfig: ['DriverConfig', { 'one?': { name: ['Name', 'string'], options: ['Options', 'map'] } }],
        subpath: ['Subpath', 'string'],
      },
    },
  ],
  tmpfsOptions: [
    'TmpfsOptions',
    {
      'one?': { sizeBytes: ['SizeBytes', 'integer'], mode: ['Mode', 'integer'], options: ['Options', 'lists'] },
    },
  ],
} as const;

/** Limits, all of which `update` can change but devices and ulimits. */
const RESOURCES = {
  cpuShares: ['CpuShares', 'integer'],
  memory: ['Memory', 'integer'],
  nanoCpus: ['NanoCpus', 'integer'],
  cgroupParent: ['CgroupParent', 'string'],
  blkioWeight: ['BlkioWeight', 'integer'],
  blkioWeightDevice: ['BlkioWeightDevice', { list: WEIGHT }],
  blkioDeviceReadBps: ['BlkioDeviceReadBps', { list: THROTTLE }],
  blkioDeviceWriteBps: ['BlkioDeviceWriteBps', { list: THROTTLE }],
  blkioDeviceReadIops: ['BlkioDeviceReadIOps', { list: THROTTLE }],
  blkioDeviceWriteIops: ['BlkioDeviceWriteIOps', { list: THROTTLE }],
  cpuPeriod: ['CpuPeriod', 'integer'],
  cpuQuota: ['CpuQuota', 'integer'],
  cpuRealtimePeriod: ['CpuRealtimePeriod', 'integer'],
  cpuRealtimeRuntime: ['CpuRealtimeRuntime', 'integer'],
  cpusetCpus: ['CpusetCpus', 'string'],
  cpusetMems: ['CpusetMems', 'string'],
  devices: ['Devices', { list: DEVICE }],
  deviceCgroupRules: ['DeviceCgroupRules', 'strings'],
  deviceRequests: ['DeviceRequests', { list: DEVICE_REQUEST }],
  kernelMemory: ['KernelMemory', 'integer'],
  kernelMemoryTcp: ['KernelMemoryTCP', 'integer'],
  memoryReservation: ['MemoryReservation', 'integer'],
  memorySwap: ['MemorySwap', 'integer'],
  memorySwappiness: ['MemorySwappiness', 'integer?'],
  oomKillDisable: ['OomKillDisable', 'boolean?'],
  pidsLimit: ['PidsLimit', 'integer?'],
  ulimits: ['Ulimits', { list: ULIMIT }],
  cpuCount: ['CpuCount', 'integer'],
  cpuPercent: ['CpuPercent', 'integer'],
  ioMaximumIops: ['IOMaximumIOps', 'integer'],
  ioMaximumBandwidth: ['IOMaximumBandwidth', 'integer'],
} as const;

const HOST_CONFIG = {
  binds: ['Binds', 'strings'],
  containerIdFile: ['ContainerIDFile', 'string'],
  logConfig: ['LogConfig', { one: { type: ['Type', 'string'], config: ['Config', 'map'] } }],
  networkMode: ['NetworkMode', 'string'],
  portBindings: ['PortBindings', 'ports'],
  restartPolicy: ['RestartPolicy', { one: RESTART_POLICY }],
  autoRemove: ['AutoRemove', 'boolean'],
  volumeDriver: ['VolumeDriver', 'string'],
  volumesFrom: ['VolumesFrom', 'strings'],
  mounts: ['Mounts', { list: MOUNT }],
  consoleSize: ['ConsoleSize', 'size?'],
  annotations: ['Annotations', 'map'],
  capAdd: ['CapAdd', 'strings'],
  capDrop: ['CapDrop', 'strings'],
  cgroupnsMode: ['CgroupnsMode', 'string'],
  dns: ['Dns', 'strings'],
  dnsOptions: ['DnsOptions', 'strings'],
  dnsSearch: ['DnsSearch', 'strings'],
  extraHosts: ['ExtraHosts', 'strings'],
  groupAdd: ['GroupAdd', 'strings'],
  ipcMode: ['IpcMode', 'string'],
  cgroup: ['Cgroup', 'string'],
  links: ['Links', 'strings'],
  oomScoreAdj: ['OomScoreAdj', 'integer'],
  pidMode: ['PidMode', 'string'],
  privileged: ['Privileged', 'boolean'],
  publishAllPorts: ['PublishAllPorts', 'boolean'],
  readonlyRootfs: ['ReadonlyRootfs', 'boolean'],
  securityOpt: ['SecurityOpt', 'strings'],
  storageOpt: ['StorageOpt', 'map'],
  tmpfs: ['Tmpfs', 'map'],
  utsMode: ['UTSMode', 'string'],
  usernsMode: ['UsernsMode', 'string'],
  shmSize: ['ShmSize', 'integer'],
  sysctls: ['Sysctls', 'map'],
  runtime: ['Runtime', 'string'],
  isolation: ['Isolation', 'string'],
  maskedPaths: ['MaskedPaths', 'strings?'],
  readonlyPaths: ['ReadonlyPaths', 'strings?'],
  init: ['Init', 'boolean?'],
  ...RESOURCES,
} as const;

/** How a container meets its host: limits, mounts, network, privileges (Engine API, HostConfig). */
export type HostConfig = Parsed<typeof HOST_CONFIG>;
export type Resources = Parsed<typeof RESOURCES>;
export type RestartPolicy = Parsed<typeof RESTART_POLICY>;
export type MountRequest = Parsed<typeof MOUNT>;
export type DeviceRequest = Parsed<typeof DEVICE_REQUEST>;

/** @throws {InvalidArgumentError} */
export function parseHostConfig(body: unknown): HostConfig {
  return parseFields(HOST_CONFIG, body);
}

/** Docker prints these as empty lists, and leaves the others out when they hold nothing. */
const EMPTY_LISTS = ['Dns', 'DnsOptions', 'DnsSearch', 'Devices', 'BlkioWeightDevice'];
const OPTIONAL = ['Mounts', 'StorageOpt', 'Tmpfs', 'Sysctls', 'Annotations', 'Init', 'KernelMemory', 'KernelMemoryTCP'];

export function printHostConfig(hostConfig: HostConfig): Record<string, unknown> {
  const wire = printFields(HOST_CONFIG, hostConfig);
  for (const name of EMPTY_LISTS) wire[name] ??= [];
  for (const name of OPTIONAL) if (isEmpty(wire[name])) delete wire[name];
  wire['ConsoleSize'] ??= [0, 0];
  return wire;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === 0 || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** What `update` changes: fields that the body names, and no others. @throws {InvalidArgumentError} */
export function parseUpdate(body: unknown): Partial<Resources & { restartPolicy: RestartPolicy }> {
  const table = { ...RESOURCES, restartPolicy: ['RestartPolicy', { one: RESTART_POLICY }] } as const;
  const parsed = parseFields(table, body) as Record<string, unknown>;
  const given = (body ?? {}) as Record<string, unknown>;
  const named = Object.entries(table).filter(([, [wire]]) => {
    const value = given[wire];
    return value !== undefined && value !== null;
  });
  return Object.fromEntries(named.map(([own]) => [own, parsed[own]]));
}
