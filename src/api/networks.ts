import { NotImplementedError } from '#lib/errors.ts';
import { type EndpointConfig, parseEndpoints } from './endpoint-config.ts';
import { parseFields } from './fields.ts';
import { formatMillis } from './timestamps.ts';

const CREATE = {
  name: ['Name', 'string'],
  driver: ['Driver', 'string'],
  internal: ['Internal', 'boolean'],
  configOnly: ['ConfigOnly', 'boolean'],
  ingress: ['Ingress', 'boolean'],
  scope: ['Scope', 'string'],
  enableIpv6: ['EnableIPv6', 'boolean'],
  options: ['Options', 'map'],
  labels: ['Labels', 'map'],
  ipam: [
    'IPAM',
    {
      one: {
        driver: ['Driver', 'string'],
        config: [
          'Config',
          { list: { subnet: ['Subnet', 'string'], gateway: ['Gateway', 'string'], range: ['IPRange', 'string'] } },
        ],
      },
    },
  ],
} as const;

/** Body of `POST /networks/create`. */
export interface NetworkCreate {
  request: {
    name: string;
    driver?: string;
    internal: boolean;
    labels: Record<string, string>;
    options: Record<string, string>;
    subnet?: string;
    gateway?: string;
    addressRange?: string;
  };
  /** What was asked for and is not served. */
  warning: string;
}

/** @throws {InvalidArgumentError}; {NotImplementedError} for kinds of networks that need a cluster */
export function parseNetworkCreate(body: unknown): NetworkCreate {
  const { name, driver, internal, configOnly, ingress, scope, enableIpv6, options, labels, ipam } = parseFields(
    CREATE,
    body,
  );
  if (configOnly || ingress || scope === 'swarm')
    throw new NotImplementedError('networks of a cluster (config-only, ingress, swarm) are not served');
  if (ipam.driver !== '' && ipam.driver !== 'default')
    throw new NotImplementedError(`IPAM driver ${ipam.driver} is not served`, { hint: 'use the driver "default"' });
  const blocks = ipam.config.filter(({ subnet }) => !subnet.includes(':'));
  const hasIpv6 = enableIpv6 || blocks.length < ipam.config.length;
  if (blocks.length > 1) throw new NotImplementedError('networks with several IPv4 subnets are not served');
  const { subnet = '', gateway = '', range = '' } = blocks[0] ?? {};
  return {
    request: {
      name,
      internal,
      labels: { ...labels },
      options: { ...options },
      ...(driver === '' ? {} : { driver }),
      ...(subnet === '' ? {} : { subnet }),
      ...(gateway === '' ? {} : { gateway }),
      ...(range === '' ? {} : { addressRange: range }),
    },
    warning: hasIpv6 ? 'IPv6 is not served: the network has IPv4 addresses only' : '',
  };
}

const CONNECT = { container: ['Container', 'string'], force: ['Force', 'boolean'] } as const;

/** Body of `POST /networks/{id}/connect` and `…/disconnect`. @throws {InvalidArgumentError} */
export function parseConnect(body: unknown): { container: string; force: boolean; endpoint: EndpointConfig } {
  const { container, force } = parseFields(CONNECT, body);
  const { EndpointConfig: config } = (body ?? {}) as { EndpointConfig?: unknown };
  const { endpoint } = parseEndpoints({ EndpointsConfig: { endpoint: config ?? {} } });
  return { container, force, endpoint: endpoint as EndpointConfig };
}

/** What the wire form of a network is made of. */
export interface NetworkSource {
  id: string;
  name: string;
  driver: string;
  /** Milliseconds since epoch. */
  created: number;
  internal: boolean;
  labels: Readonly<Record<string, string>>;
  options: Readonly<Record<string, string>>;
  subnet?: string | undefined;
  gateway?: string | undefined;
  addressRange?: string;
}

/** A container's place in a network. */
export interface EndpointSource {
  containerName: string;
  endpointId: string;
  mac: string;
  address: string;
  prefixLength: number;
}

/** `Network` of the Engine API. `containers` by id. */
export function networkToWire(
  network: NetworkSource,
  containers: ReadonlyMap<string, EndpointSource> = new Map(),
): Record<string, unknown> {
  const { id, name, driver, created, internal, labels, options, subnet, gateway, addressRange } = network;
  const config =
    subnet === undefined
      ? []
      : [{ Subnet: subnet, ...(addressRange ? { IPRange: addressRange } : {}), Gateway: gateway ?? '' }];
  return {
    Name: name,
    Id: id,
    Created: formatMillis(created),
    Scope: 'local',
    Driver: driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: config.length === 0 ? null : config },
    Internal: internal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries([...containers].map(([key, endpoint]) => [key, endpointToWire(endpoint)])),
    Options: options,
    Labels: labels,
  };
}

function endpointToWire({
  containerName,
  endpointId,
  mac,
  address,
  prefixLength,
}: EndpointSource): Record<string, unknown> {
  return {
    Name: containerName,
    EndpointID: endpointId,
    MacAddress: mac,
    IPv4Address: address === '' ? '' : `${address}/${prefixLength}`,
    IPv6Address: '',
  };
}
