import { printContainerConfig } from '#api/container-config.ts';
import { printHostConfig } from '#api/host-config.ts';
import { formatMillis, ZERO_TIME } from '#api/timestamps.ts';
import type { Description } from '#engine/containers/describe.ts';
import type { ContainerRecord, MountPoint } from '#engine/containers/record.ts';
import { isRunning } from '#engine/containers/record.ts';
import { parsePort } from '#engine/containers/ports.ts';
import type { Endpoint, PortRequest } from '#engine/networks/networks.ts';
import { statusText } from './container-status.ts';

/** Answer of `GET /containers/{id}/json`. */
export function inspectToWire(description: Description): Record<string, unknown> {
  const { record, execIds, bundle, logPath, driver, folders, sizes } = description;
  const [path = '', ...args] = record.command;
  const network = record.hostConfig.networkMode.startsWith('container:') ? '' : bundle;
  const file = (name: string): string => (network === '' || record.state.startedAt === 0 ? '' : `${network}/${name}`);
  return {
    Id: record.id,
    Created: formatMillis(record.created),
    Path: path,
    Args: args,
    State: stateToWire(record),
    Image: record.image,
    ResolvConfPath: file('resolv.conf'),
    HostnamePath: file('hostname'),
    HostsPath: file('hosts'),
    // Who reads the file itself expects the form that its driver has in Docker.
    LogPath: record.hostConfig.logConfig.type === 'local' ? logPath : '',
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: driver,
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: execIds.length === 0 ? null : execIds,
    HostConfig: printHostConfig(record.hostConfig),
    GraphDriver: { Name: driver, Data: folders },
    ...(sizes === undefined ? {} : { SizeRw: sizes.writable, SizeRootFs: sizes.total }),
    Mounts: record.mounts.map(mountToWire),
    Config: printContainerConfig(record.config),
    NetworkSettings: networkToWire(description),
  };
}

function stateToWire(record: ContainerRecord): Record<string, unknown> {
  const { state, task, health } = record;
  return {
    Status: state.status,
    Running: isRunning(record) || state.status === 'restarting',
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: state.status === 'dead',
    Pid: isRunning(record) ? (task?.pid ?? 0) : 0,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: time(state.startedAt),
    FinishedAt: time(state.finishedAt),
    ...(health === undefined
      ? {}
      : {
          Health: {
            Status: health.status,
            FailingStreak: health.failingStreak,
            Log: health.log.map(({ start, end, exitCode, output }) => ({
              Start: formatMillis(start),
              End: formatMillis(end),
              ExitCode: exitCode,
              Output: output,
            })),
          },
        }),
  };
}

function mountToWire(mount: MountPoint): Record<string, unknown> {
  const { type, name, source, destination, driver, mode, writable, propagation } = mount;
  return {
    Type: type,
    ...(name === undefined ? {} : { Name: name }),
    Source: source,
    Destination: destination,
    ...(driver === undefined ? {} : { Driver: driver }),
    Mode: mode,
    RW: writable,
    Propagation: propagation,
  };
}

function networkToWire(description: Description): Record<string, unknown> {
  const { record, sandbox } = description;
  const endpoints = endpointsToWire(description);
  const [first] = Object.entries(endpoints).filter(([name]) => name === 'bridge');
  const top = (first?.[1] ?? {}) as Record<string, unknown>;
  return {
    Bridge: '',
    SandboxID: sandbox === undefined ? '' : record.id,
    SandboxKey: sandbox?.namespacePath ?? '',
    Ports: sandbox === undefined ? {} : portMap(record, sandbox.ports),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: top['EndpointID'] ?? '',
    Gateway: top['Gateway'] ?? '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: top['IPAddress'] ?? '',
    IPPrefixLen: top['IPPrefixLen'] ?? 0,
    IPv6Gateway: '',
    MacAddress: top['MacAddress'] ?? '',
    Networks: endpoints,
  };
}

/** Exposed ports are null when they are not published. */
function portMap({ config, hostConfig }: ContainerRecord, ports: readonly PortRequest[]): Record<string, unknown> {
  const exposed = [...config.exposedPorts, ...Object.keys(hostConfig.portBindings)].map(parsePort);
  const result: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const { containerPort, protocol } of exposed) result[`${containerPort}/${protocol}`] = null;
  for (const { containerPort, protocol, hostAddress, hostPort } of ports) {
    const key = `${containerPort}/${protocol}`;
    const entry = { HostIp: hostAddress === '' ? '0.0.0.0' : hostAddress, HostPort: String(hostPort) };
    result[key] = [...(result[key] ?? []), entry];
  }
  return result;
}

function endpointsToWire({ record, sandbox, networkIds }: Description): Record<string, unknown> {
  const live = new Map((sandbox?.endpoints ?? []).map((endpoint) => [endpoint.network, endpoint]));
  const names = new Set([...Object.keys(networkIds), ...live.keys()]);
  return Object.fromEntries(
    [...names].map((name) => {
      const asked = record.endpoints[name];
      return [name, endpointToWire(live.get(name), { record, id: networkIds[name] ?? '', asked })];
    }),
  );
}

function endpointToWire(
  endpoint: Endpoint | undefined,
  {
    record,
    id,
    asked,
  }: { record: ContainerRecord; id: string; asked: ContainerRecord['endpoints'][string] | undefined },
): Record<string, unknown> {
  const aliases = asked?.aliases ?? [];
  return {
    IPAMConfig: asked?.ipam?.address ? { IPv4Address: asked.ipam.address } : null,
    Links: null,
    Aliases: aliases.length === 0 ? null : aliases,
    MacAddress: endpoint?.mac ?? asked?.mac ?? '',
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: id,
    EndpointID: endpoint?.endpointId ?? '',
    Gateway: endpoint?.gateway ?? '',
    IPAddress: endpoint?.address ?? '',
    IPPrefixLen: endpoint?.prefixLength ?? 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames:
      id === '' ? null : [...new Set([record.name, ...aliases, record.id.slice(0, 12), record.config.hostname])],
  };
}

/** One entry of `GET /containers/json`. */
export function summaryToWire(description: Description): Record<string, unknown> {
  const { record, imageName, sizes, sandbox } = description;
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: imageName,
    ImageID: record.image,
    Command: commandText(record.command),
    Created: Math.floor(record.created / 1000),
    Ports: portList(record, sandbox?.ports ?? []),
    ...(sizes === undefined ? {} : { SizeRw: sizes.writable, SizeRootFs: sizes.total }),
    Labels: record.config.labels,
    State: record.state.status,
    Status: statusText(record),
    HostConfig: { NetworkMode: record.hostConfig.networkMode },
    NetworkSettings: { Networks: endpointsToWire(description) },
    Mounts: record.mounts.map(mountToWire),
  };
}

/** As Docker joins it: arguments with spaces in quotes. */
function commandText([path = '', ...args]: readonly string[]): string {
  const shown = args.map((arg) => (/[\s"']/.test(arg) ? `'${arg}'` : arg));
  return [path, ...shown].join(' ');
}

function portList({ config }: ContainerRecord, ports: readonly PortRequest[]): Record<string, unknown>[] {
  const published = ports.map(({ containerPort, protocol, hostAddress, hostPort }) => ({
    IP: hostAddress === '' ? '0.0.0.0' : hostAddress,
    PrivatePort: containerPort,
    PublicPort: hostPort,
    Type: protocol,
  }));
  const taken = new Set(ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  const exposed = config.exposedPorts
    .map(parsePort)
    .filter(({ containerPort, protocol }) => !taken.has(`${containerPort}/${protocol}`))
    .map(({ containerPort, protocol }) => ({ PrivatePort: containerPort, Type: protocol }));
  return [...published, ...exposed];
}

function time(millis: number): string {
  return millis === 0 ? ZERO_TIME : formatMillis(millis);
}
