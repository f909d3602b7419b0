/** Every field of the request bodies, in the schema's case. Clients may use another one: Go's decoder, which set the rule, does not care. */
const NAMES =
  'Aliases Annotations ArgsEscaped AttachStderr AttachStdin AttachStdout Attachable AutoRemove AuxiliaryAddresses BindOptions Binds ' +
  'BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps BlkioWeight BlkioWeightDevice CapAdd CapDrop ' +
  'Capabilities Cgroup CgroupParent CgroupPermissions CgroupnsMode CheckDuplicate ClusterVolumeSpec Cmd Config ConfigFrom ConfigOnly ' +
  'Consistency ConsoleSize Container ContainerIDFile Count CpuCount CpuPercent CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime ' +
  'CpuShares CpusetCpus CpusetMems CreateMountpoint DNSNames Detach DetachKeys DeviceCgroupRules DeviceIDs DeviceRequests Devices Dns ' +
  'DnsOptions DnsSearch Domainname Driver DriverConfig DriverOpts EnableIPv4 EnableIPv6 EndpointConfig EndpointID EndpointsConfig ' +
  'Entrypoint Env ExposedPorts ExtraHosts Force Gateway GlobalIPv6Address GlobalIPv6PrefixLen Group GroupAdd GwPriority Hard Healthcheck ' +
  'HostConfig HostIp HostPort Hostname IOMaximumBandwidth IOMaximumIOps IPAM IPAMConfig IPAddress IPPrefixLen IPRange IPv4Address ' +
  'IPv6Address IPv6Gateway Image ImageOptions Ingress Init Internal Interval IpcMode Isolation KernelMemory KernelMemoryTCP Key Labels ' +
  'LinkLocalIPs Links LogConfig MacAddress MaskedPaths MaximumRetryCount Memory MemoryReservation MemorySwap MemorySwappiness Mode Mounts ' +
  'Name NanoCpus Network NetworkDisabled NetworkID NetworkMode NetworkingConfig NoCopy NonRecursive OnBuild OomKillDisable ' +
  'OomScoreAdj OpenStdin Options Path PathInContainer PathOnHost PidMode PidsLimit PortBindings Privileged Propagation PublishAllPorts ' +
  'Rate ReadOnly ReadOnlyForceRecursive ReadOnlyNonRecursive ReadonlyPaths ReadonlyRootfs RestartPolicy Retries Runtime Scope ' +
  'SecurityOpt Shell ShmSize SizeBytes Soft Source StartInterval StartPeriod StdinOnce StopSignal StopTimeout StorageOpt Subnet Subpath ' +
  'Sysctls Target Test Timeout Tmpfs TmpfsOptions Tty Type UTSMode Ulimits User UsernsMode VolumeDriver VolumeOptions Volumes ' +
  'VolumesFrom Weight WorkingDir auth email identitytoken password registrytoken serveraddress username';

/** Fields whose value is a map with keys of the user's own. */
const MAPS: ReadonlySet<string> = new Set([
  'Annotations',
  'AuxiliaryAddresses',
  'DriverOpts',
  'EndpointsConfig',
  'ExposedPorts',
  'Labels',
  'Options',
  'PortBindings',
  'StorageOpt',
  'Sysctls',
  'Tmpfs',
  'Volumes',
]);

const BY_LOWER_CASE: ReadonlyMap<string, string> = new Map(NAMES.split(' ').map((name) => [name.toLowerCase(), name]));
const DEPTH_LIMIT = 64;

/** A request body with the schema's field names; unknown fields and keys of the user's own stay as they are. */
export function normaliseFields(body: unknown, owner = '', depth = 0): unknown {
  if (typeof body !== 'object' || body === null || depth > DEPTH_LIMIT) return body;
  if (Array.isArray(body)) return body.map((item) => normaliseFields(item, '', depth + 1));
  const isMap = MAPS.has(owner) || owner === 'LogConfig.Config';
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of Object.entries(body)) {
    const name = isMap ? key : (BY_LOWER_CASE.get(key.toLowerCase()) ?? key);
    const valueOwner = isMap ? '' : owner === 'LogConfig' ? `LogConfig.${name}` : name;
    result[name] = normaliseFields(value, valueOwner, depth + 1);
  }
  return { ...result };
}
